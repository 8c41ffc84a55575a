import { EngineError } from '../../../errors.ts'
import type { Constant, Value } from '../constant.ts'
import { quote } from '../fault.ts'
import { numelOfDims } from '../shapes.ts'
import { activation, window } from './contrib.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'

/**
 * Operators of `com.microsoft.nchwc`, which ONNX Runtime writes into a model that it optimized for one processor
 * (core/graph/contrib_ops/nchwc_schema_defs.cc and core/optimizer/nchwc_transformer.cc of microsoft/onnxruntime). Maps have their channels
 * in blocks, filled up with zeros, and so have filters. Here maps have the channels of the network. Blocks are of 8 with AVX2, of 16 with
 * AVX-512 and NEON: since the file does not say which, filters cannot be put back into ONNX's order, and such a file runs as it is alone.
 */

/** Output channels at the end of the last block that are zero throughout. */
function zeroChannels(numbers: ArrayLike<number>, outputs: number, block: 8 | 16): number {
  if (outputs % block !== 0) return 0
  const used = new Array<boolean>(block).fill(false)
  for (let at = numbers.length - (numbers.length / outputs) * block; at < numbers.length; at++)
    if (numbers[at] !== 0) used[at % block] = true
  const last = used.lastIndexOf(true)
  return last < 0 ? 0 : block - 1 - last
}

/** How many of the output channels fill a block up. */
function filling(numbers: ArrayLike<number>, outputs: number): number {
  const [eight, sixteen] = [zeroChannels(numbers, outputs, 8), zeroChannels(numbers, outputs, 16)]
  // Blocks of 16 alone are filled up by 8 and more; by fewer those of 8 may look filled up as blocks of 16 too.
  return sixteen >= 8 ? sixteen : eight || sixteen
}

/** A filter or bias with the network's channels alone. @throws EngineError EXPORT_UNSUPPORTED where a filter is read, whose order is not known. */
function unfilled(constant: Constant, shape: readonly number[]): Constant {
  const elements = numelOfDims(shape)
  const filter = () => {
    throw new EngineError(
      'EXPORT_UNSUPPORTED',
      `the file keeps filter ${quote(constant.name)} in the order of the processor that it was optimized for: it runs as it is, on ONNX Runtime; for anything else take the model before that, or optimize it up to ORT_ENABLE_EXTENDED`,
    )
  }
  const bias = () => Float32Array.from({ length: elements }, (_, i) => constant.read()?.[i] ?? 0)
  const own = { read: shape.length > 1 ? filter : bias, readBytes: constant.readBytes + 4 * elements }
  return { ...constant, ...own, shape, sources: constant.sources.map((source) => ({ ...source, ...own, elements })) }
}

const conv: Decomposition = (to) => {
  const [x, w, b] = to.values as [Value?, Value?, Value?]
  if (x?.kind !== 'activation' || w?.kind !== 'constant' || w.shape.length !== 4 || (b && b.kind !== 'constant')) return null
  const [outputs, inputs] = w.shape as [number, number]
  const channels = to.shape(0)[1]!
  const depthwise = inputs === 1 && to.attributes.int('group', 1) === outputs
  const group = depthwise ? channels : to.attributes.int('group', 1)
  const logical = depthwise ? channels : outputs - filling(to.elements(1), outputs)
  const shape = [logical, channels / group, ...w.shape.slice(2)]
  const filters = to.constant('filters', unfilled(w, shape))
  const bias = b ? [to.constant('bias', unfilled(b, [logical]))] : []
  const kept = to.kept(...window.filter((name) => name !== 'group'))
  const convolved = to.main('Conv', [to.node.inputs[0]!, filters, ...bias], 'conv', { ...kept, group })
  const added = to.node.inputs[3]
  const sum = added ? to.step('Add', [convolved, added], 'sum') : convolved
  return activation(to, sum, to.attributes.text('activation', ''), to.attributes.floats('activation_params') ?? [])
}

const pool =
  (opType: string): Decomposition =>
  (to) =>
    to.last(opType, to.node.inputs, to.kept(...window, 'ceil_mode', 'count_include_pad', 'storage_order'))

const turned = (to: Decomposer, from: string, perm: readonly number[]): Decomposer =>
  to.attributes.int('channels_last', 0) === 1 ? to.last('Transpose', [from], { perm }) : to.last('Identity', [from])

const reorderOutput: Decomposition = (to) => {
  const channels = to.attributes.int('channels', 0)
  const found = to.shape(0)[1]
  if (found !== channels)
    throw new Error(
      `it gives ${channels} channels, and ${found} of those before it have filters that are not zero: optimize the network again, up to ORT_ENABLE_EXTENDED`,
    )
  return turned(to, to.node.inputs[0]!, [0, 2, 3, 1])
}

/** Scales are whole numbers. */
const upsample: Decomposition = (to) => {
  const scales = to.attributes.ints('scales')
  if (!scales) return null
  const sizes = to.shape(0).map((size, i) => (i < 2 ? size : size * scales[i]!))
  const mode = to.attributes.text('mode', 'nearest')
  const settings = { mode, coordinate_transformation_mode: to.attributes.text('coordinate_transformation_mode', 'asymmetric') }
  const spatial = to.integers('sizes', sizes.slice(2))
  return to.last('Resize', [to.node.inputs[0]!, '', '', spatial], {
    ...settings,
    axes: [2, 3],
    ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}),
  })
}

export const nchwc: Readonly<Record<string, Decomposition>> = Object.fromEntries(
  Object.entries({
    Conv: conv,
    MaxPool: pool('MaxPool'),
    AveragePool: pool('AveragePool'),
    GlobalMaxPool: pool('GlobalMaxPool'),
    GlobalAveragePool: pool('GlobalAveragePool'),
    ReorderInput: ((to) => turned(to, to.node.inputs[0]!, [0, 3, 1, 2])) satisfies Decomposition,
    ReorderOutput: reorderOutput,
    Upsample: upsample,
  }).map(([name, decomposition]) => [`com.microsoft.nchwc.${name}`, decomposition]),
)
