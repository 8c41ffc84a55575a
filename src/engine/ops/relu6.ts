import { clipRange } from './hard-tanh.ts'
import { activation } from './shared/elementwise.ts'
import { scalar } from './shared/onnx-emit.ts'

/** min(max(x, 0), 6): two comparisons per element. */
export const relu6 = activation({
  type: 'ReLU6',
  summary: 'Clips elements to the range 0 to 6.',
  arithmetic: { comparisons: 2 },
  fromOnnx: { Clip: (node) => (clipRange(node)?.join() === '0,6' ? {} : null) },
  onnx: (emit) => {
    const low = scalar(emit, 'min', 0)
    const high = scalar(emit, 'max', 6)
    emit.node('Clip', [emit.inputs[0]!, low, high], emit.outputs)
  },
  tfjs: (tf, x) => tf.relu6(x),
})
