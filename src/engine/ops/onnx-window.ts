import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'
import type { Shape } from '../shape.ts'

/** Sizes along the spatial dims of a node's first input, or null where it has not `rank` of them. */
export function spatial(node: OnnxNode, rank: number): Shape | null {
  const shape = node.inputs[0]?.shape
  return shape?.length === rank + 2 ? shape.slice(2) : null
}

/**
 * The window of an ONNX node in the engine's words. Both write pads as all sides before, then all after; `SAME_UPPER` is
 * TensorFlow's `same`, `SAME_LOWER` puts the odd pad before and is written out for this size.
 */
export function onnxWindow(node: OnnxNode, sizes: Shape, kernel: readonly number[]): Record<string, unknown> {
  const stride = node.ints('strides') ?? sizes.map(() => 1)
  const dilation = node.ints('dilations') ?? sizes.map(() => 1)
  for (const [name, list] of Object.entries({ kernel_shape: kernel, strides: stride, dilations: dilation }))
    if (list.length !== sizes.length || list.some((value) => value < 1))
      node.refuse(`${name} [${list.join(', ')}] must be ${sizes.length} positive numbers`)
  return { kernelSize: [...kernel], stride: [...stride], padding: padding(node, sizes, kernel, stride, dilation), dilation: [...dilation] }
}

function padding(node: OnnxNode, sizes: Shape, kernel: readonly number[], stride: readonly number[], dilation: readonly number[]): unknown {
  const rule = node.text('auto_pad', 'NOTSET')
  if (rule === 'SAME_UPPER') return 'same'
  if (rule === 'VALID') return sizes.flatMap(() => [0, 0])
  if (rule === 'SAME_LOWER') {
    const totals = sizes.map((size, i) => {
      const extent = dilation[i]! * (kernel[i]! - 1) + 1
      return Math.max(0, (Math.ceil(size / stride[i]!) - 1) * stride[i]! + extent - size)
    })
    return [...totals.map((total) => Math.ceil(total / 2)), ...totals.map((total) => Math.floor(total / 2))]
  }
  const pads = node.ints('pads') ?? sizes.flatMap(() => [0, 0])
  if (pads.length !== 2 * sizes.length)
    node.refuse(`pads [${pads.join(', ')}] must be ${2 * sizes.length} numbers, all sides before and then all after`)
  return [...pads]
}

/** Reads `Conv` on maps of `rank` spatial dims, weights from the file. */
export const readConv =
  (rank: number) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatial(node, rank)
    const weight = node.inputs[1]
    if (!sizes || !weight?.constant || (node.inputs[2] && !node.inputs[2].constant)) return null
    if (weight.shape.length !== rank + 2) node.refuse(`its weights are ${weight.shape.join('×')}, but must have ${rank + 2} dims`)
    const groups = node.int('group', 1)
    return {
      attributes: {
        outChannels: weight.shape[0]!,
        inChannels: weight.shape[1]! * groups,
        ...onnxWindow(node, sizes, node.ints('kernel_shape') ?? weight.shape.slice(2)),
        groups,
        bias: node.inputs[2] !== undefined,
      },
      parameters: { weight: { input: 1 }, ...(node.inputs[2] ? { bias: { input: 2 } } : {}) },
    }
  }

/** Reads `MaxPool` on maps of `rank` spatial dims; its second output, indices, is not made. */
export const readMaxPool =
  (rank: number) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatial(node, rank)
    if (!sizes) return null
    return { attributes: { ...onnxWindow(node, sizes, node.ints('kernel_shape') ?? []), ceilMode: node.int('ceil_mode', 0) === 1 } }
  }

/** Reads `AveragePool` on maps of `rank` spatial dims, undilated. */
export const readAveragePool =
  (rank: number) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatial(node, rank)
    if (!sizes) return null
    const { dilation, ...window } = onnxWindow(node, sizes, node.ints('kernel_shape') ?? [])
    if ((dilation as number[]).some((step) => step !== 1)) return null
    return { attributes: { ...window, ceilMode: node.int('ceil_mode', 0) === 1, countIncludePad: node.int('count_include_pad', 0) === 1 } }
  }

/** What a reader gives, in the spelling of windows over one dim: numbers in the place of lists of one. */
export const alongLine =
  (read: (node: OnnxNode) => OnnxLayer | null) =>
  (node: OnnxNode): OnnxLayer | null => {
    const layer = read(node)
    if (!layer) return null
    const attributes = Object.entries(layer.attributes ?? {}).map(([name, value]) => [
      name,
      Array.isArray(value) && name !== 'padding' ? value[0] : value,
    ])
    return { ...layer, attributes: Object.fromEntries(attributes) }
  }

/** Reads `ConvTranspose` on maps of `rank` spatial dims, weights from the file. */
export const readConvTranspose =
  (rank: number) =>
  (node: OnnxNode): OnnxLayer | null => {
    const sizes = spatial(node, rank)
    const weight = node.inputs[1]
    if (!sizes || !weight?.constant || weight.shape.length !== rank + 2 || (node.inputs[2] && !node.inputs[2].constant)) return null
    const groups = node.int('group', 1)
    const { padding, ...window } = onnxWindow(node, sizes, node.ints('kernel_shape') ?? weight.shape.slice(2))
    const outputPadding = node.ints('output_padding') ?? sizes.map(() => 0)
    const placed = transposedPads(node, sizes, window as Window, outputPadding, padding)
    if (!placed) return null
    return {
      attributes: {
        outChannels: weight.shape[1]! * groups,
        inChannels: weight.shape[0]!,
        ...window,
        padding: placed,
        outputPadding: [...outputPadding],
        groups,
        bias: node.inputs[2] !== undefined,
      },
      parameters: { weight: { input: 1 }, ...(node.inputs[2] ? { bias: { input: 2 } } : {}) },
    }
  }

type Window = Record<'kernelSize' | 'stride' | 'dilation', readonly number[]>

/** Pads of a transposed convolution; where the file states the output's size instead, those that lead to it. */
function transposedPads(
  node: OnnxNode,
  sizes: Shape,
  { kernelSize, stride, dilation }: Window,
  extra: readonly number[],
  padding: unknown,
): unknown {
  const rule = node.text('auto_pad', 'NOTSET')
  const stated = node.ints('output_shape') ?? (rule.startsWith('SAME') ? sizes.map((size, i) => size * stride[i]!) : undefined)
  if (!stated) return padding
  const wanted = stated.slice(-sizes.length)
  const totals = sizes.map((size, i) => stride[i]! * (size - 1) + extra[i]! + dilation[i]! * (kernelSize[i]! - 1) + 1 - wanted[i]!)
  if (totals.some((total) => total < 0)) return null
  const before = totals.map((total) => (rule === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)))
  return [...before, ...totals.map((total, i) => total - before[i]!)]
}
