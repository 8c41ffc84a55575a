/** What a layer is made of, each worked out from its node and the values before it. */
import { CountOverflow } from '../../exact.ts'
import type { AnyOp, LayerShapes, Parameter } from '../../op.ts'
import { readAttributes } from '../../read-attributes.ts'
import { type Shape, sameShape } from '../../shape.ts'
import { Violations } from '../../violations.ts'
import type { OnnxSlot } from '../onnx-node.ts'
import { type BatchPlace, placeOf } from './batch.ts'
import { checkParameter } from './budget.ts'
import type { Activation, Value } from './constant.ts'
import { BatchLost, invalid, quote } from './fault.ts'
import type { FilledSlot } from './layer.ts'
import { type FileNode, nodeName } from './model.ts'
import { numelOfDims } from './shapes.ts'

/**
 * Position of the batch in each output; null where no operand has one.
 * @param parameters those of the layer at the file's own batch.
 * @throws BatchLost where the layer mixes images: it then works at the file's own batch alone.
 */
export function placesOf(
  op: AnyOp,
  attributes: Record<string, unknown>,
  operands: readonly Activation[],
  narrow: readonly Shape[],
  wide: readonly Shape[],
  outer: number | undefined,
  parameters: readonly Parameter[],
): BatchPlace[] | null {
  const lost = (why: string): never => {
    throw new BatchLost(`it ${why}`)
  }
  let held: (BatchPlace & { size: number }) | undefined
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i] as Activation
    const place = placeOf(operand)
    if (!place) continue
    const size = operand.shape[place.dim]!
    if (op.batchIn ? !op.batchIn(place.dim, shapesOf(operands), attributes as never, i) : place.dim !== 0)
      lost(`works across dim ${place.dim} of ${operand.shape.join('×')}, which holds the images of the batch`)
    if (held && (held.outer !== place.outer || held.size !== size)) lost('joins tensors whose images lie in different orders')
    held = { ...place, size }
  }
  if (!held) return null
  const atProbe = op.parameters?.(
    operands.map((operand) => operand.wide),
    attributes as never,
  )
  if (atProbe && !(atProbe.length === parameters.length && atProbe.every((each, i) => sameParameter(each, parameters[i]!))))
    lost('has weights for each image of the batch')
  return narrow.map((shape, i) => {
    const place = placeOf({ shape, wide: wide[i]!, outer: outer ?? held.outer })
    return place ?? lost('gives one tensor for all images of the batch')
  })
}

const shapesOf = (operands: readonly Activation[]): Shape[] => operands.map(({ shape }) => shape)

const sameParameter = (a: Parameter, b: Parameter): boolean =>
  a.name === b.name &&
  sameShape(a.shape, b.shape) &&
  a.init === b.init &&
  a.fanIn === b.fanIn &&
  a.bound === b.bound &&
  a.trainable === b.trainable

/** The weight of a layer that an input of its node holds. @throws EngineError INVALID_ONNX where the network computes it; BatchLost where it depends on the batch. */
export function slotOf(
  node: FileNode,
  values: readonly (Value | undefined)[],
  { input, transposed = false, factor = 1 }: OnnxSlot,
): FilledSlot {
  const constant = values[input]
  if (constant?.kind !== 'constant')
    throw invalid(
      `${node.opType} node ${quote(nodeName(node))}: its input ${input} is computed by the network; weights are read from the file only`,
      nodeName(node),
    )
  // One that the file does not hold is never computed.
  if (!constant.blank && !constant.absent)
    checkParameter(constant, `tensor ${quote(constant.name)}, a weight of ${node.opType} node ${quote(nodeName(node))},`)
  if (constant.wide) throw new BatchLost('its weights depend on the batch')
  return { constant, transposed, factor }
}

/** @throws EngineError INVALID_ONNX where a weight has another number of elements than its layer needs. */
export function checkSlots(node: FileNode, parameters: readonly Parameter[], slots: ReadonlyMap<string, FilledSlot>): void {
  for (const { name, shape } of parameters) {
    const slot = slots.get(name)
    if (slot && numelOfDims(slot.constant.shape) !== numelOfDims(shape))
      throw invalid(
        `${node.opType} node ${quote(nodeName(node))}: tensor ${quote(slot.constant.name)} of ${slot.constant.shape.join('×') || 'a scalar'} is no ${name} of ${shape.join('×')}`,
        nodeName(node),
      )
  }
}

/** Attributes in canonical form. @throws EngineError INVALID_ONNX with each that does not fit. */
export function attributesOf(op: AnyOp, id: string, given: Record<string, unknown>, node: FileNode): Record<string, unknown> {
  const read = readAttributes(given, op, '', id, new Violations())
  if (read) return read
  // Once more, for the words.
  const violations = new Violations('INVALID_ONNX', `${node.opType} node ${quote(nodeName(node))}`)
  readAttributes(given, op, '', id, violations)
  violations.check()
  return given
}

/** Whether a layer has multiply-adds. What has more than can be counted is refused by the verifier. */
export function multiplies(op: AnyOp, shapes: LayerShapes, attributes: Record<string, unknown>): boolean {
  try {
    return (op.quantities(shapes, attributes as never)?.macs ?? 0) > 0
  } catch (cause) {
    if (cause instanceof CountOverflow) return false
    throw cause
  }
}
