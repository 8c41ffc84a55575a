import { clipRange } from './hard-tanh.ts'
import { activation } from './shared/elementwise.ts'

/** min(max(x, 0), 6): two comparisons per element. */
export const relu6 = activation({
  type: 'ReLU6',
  summary: 'Clips elements to the range 0 to 6.',
  arithmetic: { comparisons: 2 },
  fromOnnx: { Clip: (node) => (clipRange(node)?.join() === '0,6' ? {} : null) },
  onnx: (emit) => {
    const low = emit.constant('min', [], Float32Array.of(0))
    const high = emit.constant('max', [], Float32Array.of(6))
    emit.node('Clip', [emit.inputs[0]!, low, high], emit.outputs)
  },
  tfjs: (tf, x) => tf.relu6(x),
})
