import { exact } from '../exact.ts'
import type { Convention } from './convention.ts'

export const lecture: Convention = {
  name: 'lecture',
  summary: 'A multiply-add is one flop; pooling counts its window; everything else is 0.',
  definition:
    'Convolution: output elements × (input channels / groups × Kh × Kw). Linear: inputs × outputs. Pooling: output elements × Kh × Kw ' +
    '(global pooling: every element once). Bias, normalisation, activations, additions and data movement: 0.',
  source:
    'EECS 498-007 / 598-005 Deep Learning for Computer Vision (Justin Johnson, University of Michigan), lecture 8: CNN Architectures.',
  flops: (q) => exact((q.macs ?? 0) + (q.windowReads ?? 0)),
}
