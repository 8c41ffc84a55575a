import { exact } from '../exact.ts'
import { type CountedLayer, convolutionMacs, defineConvention, linearMacs, type Rule } from './convention.ts'

const count = ({ quantities: q }: CountedLayer): number => exact((q.macs ?? 0) + (q.windowReads ?? 0))
const pooling: Rule = { words: 'output elements × Kh × Kw', count }
const pooledOnce: Rule = { words: 'every element once', count }
const adaptive: Rule = { words: 'the elements of every window it averages, so every input element once where the output is 1×1', count }

export const lecture = defineConvention({
  name: 'lecture',
  summary: 'A multiply-add is one flop; pooling counts its window; everything else is 0.',
  remarks: 'Bias, normalisation, activations, additions and data movement: 0.',
  source:
    'EECS 498-007 / 598-005 Deep Learning for Computer Vision (Justin Johnson, University of Michigan), lecture 8: CNN Architectures.',
  rules: {
    Conv1d: convolutionMacs,
    Conv2d: convolutionMacs,
    Linear: linearMacs,
    MaxPool1d: pooling,
    MaxPool2d: pooling,
    AvgPool2d: pooling,
    GlobalAvgPool2d: pooledOnce,
    AdaptiveAvgPool2d: adaptive,
  },
  otherwise: { words: 'its multiply-adds and pooling windows alone, so nothing where it has neither', count },
})
