import { ShapeError } from '../errors.ts'
import { perImage } from '../shape.ts'
import { batchNorm, foldedNorm } from './batch-norm.ts'

/** Batch normalisation of vectors and sequences, PyTorch's `nn.BatchNorm1d` in eval mode. */
export const batchNorm1d = batchNorm({
  type: 'BatchNorm1d',
  summary: 'Normalises each feature of a vector, or each channel of a sequence, by running statistics, then scales and shifts it.',
  ranks: [2, 3],
  check: (x) => {
    if (x.length !== 2 && x.length !== 3)
      throw new ShapeError(`BatchNorm1d takes a vector or a sequence C×L, but its input is ${perImage(x)}`)
  },
  tfjs: foldedNorm,
})
