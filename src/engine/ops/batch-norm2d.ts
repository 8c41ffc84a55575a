import type * as tfjs from '@tensorflow/tfjs-core'
import { batchNorm, learns } from './batch-norm.ts'
import { featureMap } from './window.ts'

/** Batch normalisation of feature maps, PyTorch's `nn.BatchNorm2d` in eval mode. */
export const batchNorm2d = batchNorm({
  type: 'BatchNorm2d',
  summary: 'Normalises each channel by running statistics, then scales and shifts it.',
  ranks: [4],
  check: (x) => featureMap(x, 'BatchNorm2d'),
  tfjs: (tf, { attributes: a, parameters: p }) => {
    const vector = (name: string) => p[name] as tfjs.Tensor1D
    const shift = learns(a).shift ? vector('bias') : undefined
    const scale = learns(a).scale ? vector('weight') : undefined
    return ([x]) => tf.batchNorm4d(x as tfjs.Tensor4D, vector('running_mean'), vector('running_var'), shift, scale, a.eps)
  },
})
