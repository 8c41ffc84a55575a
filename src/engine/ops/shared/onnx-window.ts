import type { OnnxNode } from '../../formats/onnx-node.ts'
import type { Shape } from '../../shape.ts'
import type { Rank } from './spatial.ts'

/** Sizes along the spatial dims of a node's first input, or null where it has not `rank` of them. */
export function spatialSizes(node: OnnxNode, rank: Rank): Shape | null {
  const shape = node.inputs[0]?.shape
  return shape?.length === rank + 2 ? shape.slice(2) : null
}

export interface OnnxWindow {
  kernelSize: readonly number[]
  stride: readonly number[]
  padding: readonly number[] | 'same'
  dilation: readonly number[]
}

/**
 * The window of an ONNX node in the engine's terms. Both write pads as all sides before, then all after; `SAME_UPPER` is
 * TensorFlow's `same`, `SAME_LOWER` puts the odd pad before and is written out for this size.
 */
export function onnxWindow(node: OnnxNode, sizes: Shape, kernel: readonly number[]): OnnxWindow {
  const stride = node.ints('strides') ?? sizes.map(() => 1)
  const dilation = node.ints('dilations') ?? sizes.map(() => 1)
  const check = (name: string, list: readonly number[]) => {
    if (list.length !== sizes.length || list.some((value) => value < 1))
      node.refuse(`${name} [${list.join(', ')}] must be ${sizes.length} positive numbers`)
  }
  check('kernel_shape', kernel)
  check('strides', stride)
  check('dilations', dilation)
  return { kernelSize: [...kernel], stride: [...stride], padding: padding(node, sizes, kernel, stride, dilation), dilation: [...dilation] }
}

/** The window as `windowAttributes` take it: numbers in the place of lists of one. */
export function spelledWindow({ kernelSize, stride, padding, dilation }: OnnxWindow) {
  const spelled = (list: readonly number[]) => (list.length === 1 ? list[0]! : list)
  return { kernelSize: spelled(kernelSize), stride: spelled(stride), padding, dilation: spelled(dilation) }
}

function padding(
  node: OnnxNode,
  sizes: Shape,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): readonly number[] | 'same' {
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
