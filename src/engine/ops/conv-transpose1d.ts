import { mapShape, onMap } from './lowering/line.ts'
import { lowerTransposed, type TransposedAttributes, transposed } from './transposed.ts'

/** The same window over a map of height 1. */
function overMap(a: TransposedAttributes): TransposedAttributes {
  const [stride, padding, outputPadding] = [a.stride[0]!, a.padding, a.outputPadding[0]!]
  return {
    ...a,
    kernelSize: [1, ...a.kernelSize],
    stride: [1, stride],
    padding: padding === 'same' ? 'same' : [0, padding[0]!, 0, padding[1]!],
    outputPadding: [0, outputPadding],
    dilation: [1, ...a.dilation],
  }
}

/** Transposed convolution of sequences, PyTorch's `nn.ConvTranspose1d`. */
export const convTranspose1d = transposed(1, 'ConvTranspose1d', (tf, { attributes, inputs, outputs, parameters }) => {
  const [i, o, k] = parameters.weight!.shape as [number, number, number]
  const weight = tf.reshape(parameters.weight!, [i, o, 1, k])
  parameters.weight!.dispose()
  const call = lowerTransposed(tf, {
    attributes: overMap(attributes),
    inputs: inputs.map(mapShape),
    outputs: outputs.map(mapShape),
    parameters: { ...parameters, weight },
  })
  return onMap(tf, ([x]) => call(x!))
})
