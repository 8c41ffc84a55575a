import type { AnyOp, Quantities } from '../../op.ts'
import { findOp } from '../../ops/index.ts'
import type { Shape } from '../../shape.ts'
import type { OnnxLayer } from '../onnx-node.ts'
import { placeOf } from './batch.ts'
import type { Budget } from './budget.ts'
import type { Activation, Value } from './constant.ts'
import { Decomposer } from './decompositions/decomposer.ts'
import { BatchLost } from './fault.ts'
import { broadcastShapes } from './fold/folding.ts'
import { dataDependent, knownOf } from './known/index.ts'
import type { Known } from './known/rule.ts'
import { type FileNode, operatorOf } from './model.ts'
import { numelOfDims } from './shapes.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** Operators whose output has the shape of their first input, whatever they compute. */
const likeInput = words(
  'Acos Acosh Asin Asinh Atan Atanh Bernoulli BitwiseNot Cosh CumSum DequantizeLinear Hardmax IsInf IsNaN LpNormalization MeanVarianceNormalization Not QuantizeLinear ReverseSequence RotaryEmbedding Scatter ScatterElements ScatterND Shrink Sign Sinh Tan Trilu',
)
/** The same of ONNX Runtime’s own. */
const contribLikeInput = words('com.microsoft.RotaryEmbedding com.microsoft.Trilu')
/** Operators that work element by element on inputs that broadcast. */
const broadcasting = words('And BitShift BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterOrEqual Less LessOrEqual Mod Or Where Xor')

/** Rows of a table that the network picks, as of tokens: the dims of the indices stand in the place of the one picked from. */
function gathered(node: FileNode, [table, indices]: readonly (Value | undefined)[]): readonly number[] | undefined {
  if (!table || !indices) return undefined
  const given = node.attributes.find(({ name }) => name === 'axis')?.i ?? 0
  const axis = given < 0 ? given + table.shape.length : given
  return axis < table.shape.length ? [...table.shape.slice(0, axis), ...indices.shape, ...table.shape.slice(axis + 1)] : undefined
}

function known(node: FileNode, first: Value, values: readonly (Value | undefined)[]): readonly number[] | undefined {
  if (node.domain !== '') return contribLikeInput.has(operatorOf(node)) ? first.shape : undefined
  if (likeInput.has(node.opType)) return first.shape
  if (node.opType === 'Gather') return gathered(node, values)
  return broadcasting.has(node.opType) ? values.map((value) => value?.shape ?? []).reduce(broadcastShapes) : undefined
}

/** Inputs that are settings and no weights, and those that are statistics. */
const settings: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] }
// The state that a recurrent network begins with is zeros as exporters write it.
const statistics: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4], GRU: [5], LSTM: [5, 6], RNN: [5] }
/** Of operators on quantized numbers, floats are scales. */
const quantized = /^(Q[A-Z]|Quantize|Dequantize|DynamicQuantize)|Integer/

/** The float tensors that a node owns. */
function weightsOf(
  node: FileNode,
  values: readonly (Value | undefined)[],
): { input: number; name: string; shape: Shape; learned: boolean }[] {
  return node.inputs.flatMap((_, input) => {
    const value = values[input]
    if (value?.kind !== 'constant' || value.element !== 'float' || value.wide || numelOfDims(value.shape) < 2) return []
    if (settings[node.opType]?.includes(input)) return []
    const learned = !statistics[node.opType]?.includes(input) && !quantized.test(node.opType)
    return [{ input, name: `input${input}`, shape: value.shape, learned }]
  })
}

/** The shapes of a node's outputs: those that the file states, or as its inputs'. Null where one is not known. */
export function opaqueShapes(
  node: FileNode,
  first: Value,
  values: readonly (Value | undefined)[],
  stated: (tensor: string) => readonly number[] | undefined,
): (readonly number[])[] | null {
  const shapes = node.outputs.map((name, i) => stated(name) ?? (i === 0 ? known(node, first, values) : undefined))
  return shapes.some((shape) => shape === undefined) ? null : (shapes as (readonly number[])[])
}

/**
 * A node that is not read, as a layer of known shapes and what it owns: its operator's rule says so (`known.ts`), its outputs are
 * like its input, or the file states their shapes. Where the data decides them, it is a layer without sizes. Null where none is so.
 * @param told what is known of it, where no rule of its operator says so.
 * @throws BatchLost where the batch is not where the operator takes it.
 */
export function opaque(
  node: FileNode,
  values: readonly (Value | undefined)[],
  batch: number,
  stated: (tensor: string) => readonly number[] | undefined,
  budget: Budget,
  told?: Known,
): { op: AnyOp; layer: OnnxLayer } | null {
  const op = findOp('Opaque')
  const inputs = node.inputs.flatMap((_, i) => (values[i]?.kind === 'activation' ? [i] : []))
  const carrying = inputs.findIndex((i) => placeOf(values[i] as Activation) !== null)
  // The first input is the one that outputs have their batch from.
  if (carrying > 0) inputs.unshift(...inputs.splice(carrying, 1))
  const first = values[inputs[0] ?? -1]
  if (!op || !first || first.kind !== 'activation' || inputs.length > 64) return null
  if (isUnsized(values)) return { op, layer: unsized(node, values, inputs) }
  const known = told ?? knownOf(new Decomposer(node, values, budget))
  const given = known ? known.outputs.slice(0, node.outputs.length) : opaqueShapes(node, first, values, stated)
  if (!given && node.domain === '' && dataDependent.has(node.opType)) return { op, layer: unsized(node, values, inputs) }
  if (!given) return null
  const whole = carrying < 0
  const outputBatchDims = given.map((_, i) => known?.outputBatch?.[i] ?? 0)
  const inputBatchDims = inputs.map((i) => known?.inputBatch?.[i] ?? 0)
  if (!whole) {
    inputs.forEach((input, i) => {
      const value = values[input] as Activation
      const place = placeOf(value)
      if (place && (place.dim !== inputBatchDims[i] || value.shape[place.dim] !== batch))
        throw new BatchLost(`it takes the batch in dim ${inputBatchDims[i]} of an input of ${value.shape.join('×')}, where it does not lie`)
    })
    if (given.some((shape, i) => shape[outputBatchDims[i]!] !== batch))
      throw new BatchLost('what it gives does not have the batch as a dim of its own')
    const meeting = placeOf(first)!.dim
    if (inputs[0] === 0 && known?.along?.includes(meeting))
      throw new BatchLost(`it works along dim ${meeting}, which holds the images of the batch`)
    if (known?.together?.some((i) => values[i] && (values[i].kind === 'constant' || placeOf(values[i]) === null)))
      throw new BatchLost('one of its inputs is the same for all images of the batch')
  }
  const weights = weightsOf(node, values)
  return {
    op,
    layer: {
      attributes: {
        opType: node.opType,
        domain: node.domain,
        outputShapes: given.map((shape, i) => (whole ? [...shape] : shape.filter((_, dim) => dim !== outputBatchDims[i]))),
        ...(whole ? { includesBatch: true } : { inputBatchDims, outputBatchDims }),
        ...(known?.quantities ? { quantities: perImage(known.quantities, whole ? 1 : batch) } : {}),
        weights: weights.map(({ name, shape, learned }) => ({ name, shape: [...shape], learned })),
      },
      inputs,
      parameters: Object.fromEntries(weights.map(({ name, input }) => [name, { input }])),
    },
  }
}

const perImage = (quantities: Quantities, images: number): Quantities =>
  Object.fromEntries(Object.entries(quantities).map(([name, count]) => [name, count / images]))

/** Whether the sizes of one of these are not known. */
export const isUnsized = (values: readonly (Value | undefined)[]): boolean =>
  values.some((value) => value?.kind === 'activation' && value.unsized)

/** A node whose outputs have sizes that are not known: the data decides them, here or before. */
function unsized(node: FileNode, values: readonly (Value | undefined)[], inputs: readonly number[]): OnnxLayer {
  const weights = weightsOf(node, values)
  return {
    attributes: {
      opType: node.opType,
      domain: node.domain,
      outputShapes: node.outputs.map(() => [0]),
      includesBatch: true,
      dataDependent: true,
      weights: weights.map(({ name, shape, learned }) => ({ name, shape: [...shape], learned })),
    },
    inputs,
    parameters: Object.fromEntries(weights.map(({ name, input }) => [name, { input }])),
  }
}
