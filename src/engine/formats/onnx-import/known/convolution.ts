import type { Decomposer } from '../decompositions/decomposer.ts'
import { numelOfDims } from '../shapes.ts'
import type { Rule } from './rule.ts'

/** A window that moves over a map, as its attributes say. */
export function windowOf(node: Decomposer, kernel: readonly number[]) {
  const auto = node.attributes.text('auto_pad', 'NOTSET')
  const strides = node.attributes.ints('strides') ?? kernel.map(() => 1)
  const dilations = node.attributes.ints('dilations') ?? kernel.map(() => 1)
  const pads = node.attributes.ints('pads') ?? kernel.flatMap(() => [0, 0])
  const padding = (i: number): number => (auto === 'VALID' ? 0 : pads[i]! + pads[i + kernel.length]!)
  const reach = (i: number): number => dilations[i]! * (kernel[i]! - 1) + 1
  return { same: auto.startsWith('SAME'), strides, padding, reach }
}

/** Sizes behind a window over `from`. */
export function slid(node: Decomposer, kernel: readonly number[], from: readonly number[], round: (size: number) => number): number[] {
  const { same, strides, padding, reach } = windowOf(node, kernel)
  return kernel.map((_, i) => (same ? Math.ceil(from[i]! / strides[i]!) : round((from[i]! + padding(i) - reach(i)) / strides[i]!) + 1))
}

/**
 * Conv and ConvTranspose by filters that the network computes, of its input or of weights in a way that import does not
 * (onnx.ai, Conv-22, ConvTranspose-22): as with filters of the file.
 */
export const convolution: Rule = (node) => {
  const [x, w] = [node.shape(0), node.shape(1)]
  const [kernel, spatial] = [w.slice(2), x.slice(2)]
  const groups = node.attributes.int('group', 1)
  if (w.length !== x.length || x.length < 3) throw new Error(`filters of ${w.join('×')} do not go over an input of ${x.join('×')}`)
  const turned = node.node.opType === 'ConvTranspose'
  if (x[1] !== (turned ? w[0]! : w[1]! * groups))
    throw new Error(`filters of ${w.join('×')} in ${groups} groups do not take ${x[1]} channels`)
  let output: readonly number[]
  if (turned) {
    const { same, strides, padding, reach } = windowOf(node, kernel)
    const more = node.attributes.ints('output_padding') ?? kernel.map(() => 0)
    const sizes = kernel.map((_, i) =>
      same ? spatial[i]! * strides[i]! : strides[i]! * (spatial[i]! - 1) + more[i]! + reach(i) - padding(i),
    )
    output = [x[0]!, w[1]! * groups, ...(node.attributes.ints('output_shape') ?? sizes)]
  } else output = [x[0]!, w[0]!, ...slid(node, kernel, spatial, Math.floor)]
  const elements = numelOfDims(output)
  return {
    outputs: [output],
    quantities: {
      macs: (turned ? numelOfDims(x) : elements) * numelOfDims(w.slice(1)),
      ...(node.values[2] ? { biasAdds: elements } : {}),
    },
  }
}
