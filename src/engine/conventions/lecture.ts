import { exact } from '../exact.ts'
import {
  type CountedLayer,
  convolutionMacs,
  defineConvention,
  each,
  linearMacs,
  ofEveryRank,
  type Rule,
  transposedMacs,
} from './convention.ts'

const count = ({ quantities: q }: CountedLayer): number => exact((q.macs ?? 0) + (q.windowReads ?? 0))
const pooling: Rule = { words: 'output elements × K', count }
const pooledOnce: Rule = { words: 'every element once', count }
const adaptive: Rule = {
  words:
    'the elements of every window it averages (of H rows, output row i of h averages ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉ − 1, columns likewise), so every ' +
    'input element once where the output is 1×1',
  count,
}

export const lecture = defineConvention({
  name: 'lecture',
  summary: 'A multiply-add is one flop; pooling counts its window; everything else is 0.',
  remarks: 'K is the kernel’s size. Bias, normalization, activations, additions and data movement: 0.',
  source:
    'EECS 498-007 / 598-005 Deep Learning for Computer Vision (Justin Johnson, University of Michigan), lecture 8: CNN Architectures.',
  rules: {
    ...each(ofEveryRank('Conv'), convolutionMacs),
    ...each(ofEveryRank('ConvTranspose'), transposedMacs),
    Linear: linearMacs,
    ...each([...ofEveryRank('MaxPool'), ...ofEveryRank('AvgPool')], pooling),
    GlobalAvgPool2d: pooledOnce,
    AdaptiveAvgPool2d: adaptive,
  },
  otherwise: { words: 'its multiply-adds and pooling windows alone, so nothing where it has neither', count },
})
