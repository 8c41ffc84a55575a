import { batchNorm, foldedNorm } from './batch-norm.ts'
import { spatial } from './spatial.ts'

/** Batch normalisation of volumes, PyTorch's `nn.BatchNorm3d` in eval mode. */
export const batchNorm3d = batchNorm({
  type: 'BatchNorm3d',
  summary: 'Normalises each channel of a volume by running statistics, then scales and shifts it.',
  ranks: [5],
  check: (x) => spatial(3, x, 'BatchNorm3d'),
  tfjs: foldedNorm,
})
