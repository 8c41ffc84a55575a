import { referencedId } from '../../graph.ts'
import type { AnyOp, Quantities } from '../../op.ts'
import { findOp } from '../../ops/index.ts'
import { numel, type Shape } from '../../shape.ts'
import type { OnnxLayer } from '../onnx-node.ts'
import { type BatchPlace, placeOf } from './batch.ts'
import type { Budget } from './budget.ts'
import { type Constant, shapeAt, type Value } from './constant.ts'
import { BatchLost, invalid, quote } from './fault.ts'
import type { FilledSlot, TranslatedLayer } from './layer.ts'
import { type FileNode, nodeName } from './model.ts'
import { isUnsized, opaque } from './opaque.ts'

/** What a branch of an `If` gives, costs at the file's own batch, and owns. */
export interface BranchOfIf {
  shapes: readonly Shape[]
  places: readonly (BatchPlace | null)[]
  /** The sizes of what it gives depend on the data. */
  unsized: boolean
  quantities: Quantities
  /** Operators in it that are not counted and may have multiply-adds. */
  uncounted: ReadonlySet<string>
  weights: readonly { slot: FilledSlot; shape: Shape; learned: boolean }[]
}

/** @param layers that were made of the branch; those that lead to nothing that it gives do not count. */
export function readBranch(outputs: readonly Value[], layers: readonly TranslatedLayer[]): BranchOfIf {
  const needed = new Set(outputs.flatMap((value) => (value.kind === 'activation' ? [referencedId(value.reference)] : [])))
  const quantities: Record<string, number> = {}
  const uncounted = new Set<string>()
  const weights: { slot: FilledSlot; shape: Shape; learned: boolean }[] = []
  for (const { id, type, inputs, attributes, shapes, slots, parameters } of layers.toReversed()) {
    if (!needed.has(id)) continue
    for (const name of inputs) needed.add(referencedId(name))
    const op = findOp(type)!
    for (const { name, shape, trainable } of parameters) {
      const slot = slots.get(name)
      // A number on a data operand is a setting.
      if (slot && (type !== 'Parameter' || numel(shape) > 1)) weights.push({ slot, shape, learned: trainable })
    }
    if (!shapes) continue
    const own = op.quantities(shapes, attributes as never)
    if (!own && !op.withoutMacs?.(attributes as never)) uncounted.add(op.named?.(attributes as never) ?? type)
    for (const [name, count] of Object.entries(own ?? {})) quantities[name] = (quantities[name] ?? 0) + count
  }
  return {
    shapes: outputs.map((value) => shapeAt(value, false)),
    places: outputs.map((value) => (value.kind === 'activation' && !value.unsized ? placeOf(value) : null)),
    unsized: isUnsized(outputs),
    quantities,
    uncounted,
    weights,
  }
}

/**
 * An `If` that the data decides, as one layer: counted where both branches cost the same, else named with both figures.
 * @returns null where the sizes of what a branch gives depend on the data.
 * @throws EngineError INVALID_ONNX where the branches give other shapes; BatchLost where each image could take another branch.
 */
export function undecided(
  node: FileNode,
  values: readonly (Value | undefined)[],
  [yes, no]: readonly [BranchOfIf, BranchOfIf],
  batch: number,
  budget: Budget,
): { op: AnyOp; layer: OnnxLayer; values: (Value | undefined)[]; note: string } | null {
  if (yes.unsized || no.unsized) return null
  const name = `If node ${quote(nodeName(node))}`
  const condition = values[0]
  if (condition?.kind === 'activation' && placeOf(condition)) throw new BatchLost('which branch it takes depends on the images together')
  yes.shapes.forEach((shape, i) => {
    const other = no.shapes[i]!
    if (shape.join() !== other.join())
      throw invalid(
        `${name}: the data decides which branch it takes, but they give tensors of different shapes, ${sizes(shape)} in its then_branch and ${sizes(other)} in its else_branch: what comes after it has no shape`,
        nodeName(node),
      )
    const [here, there] = [yes.places[i], no.places[i]]
    if (here?.dim !== there?.dim || here?.outer !== there?.outer) throw new BatchLost('its branches have the images in different places')
  })
  const all = new Set([...Object.keys(yes.quantities), ...Object.keys(no.quantities)])
  const of = ({ quantities }: BranchOfIf, quantity: string) => quantities[quantity as keyof Quantities] ?? 0
  const same = [...all].filter((quantity) => of(yes, quantity) === of(no, quantity))
  const [macs, others] = [of(yes, 'macs'), of(no, 'macs')]
  const unknown = [...yes.uncounted, ...no.uncounted]
  const counted = unknown.length === 0 && macs === others
  const reading = opaque(node, values, batch, () => undefined, budget, {
    outputs: yes.shapes,
    outputBatch: yes.places.map((place) => place?.dim ?? 0),
    inputBatch: Object.fromEntries(values.map((value, i) => [i, value?.kind === 'activation' ? (placeOf(value)?.dim ?? 0) : 0])),
    ...(counted ? { quantities: Object.fromEntries(same.map((quantity) => [quantity, of(yes, quantity)])) } : {}),
  })
  if (!reading) return null
  const owned = ownedBy([yes, no])
  const weights = owned.map(({ shape, learned }, i) => ({ name: `weight${i}`, shape: [...shape], learned }))
  const slots = owned.map(
    ({ slot: { transposed, factor } }, i) => [`weight${i}`, { input: values.length + i, transposed, factor }] as const,
  )
  return {
    op: reading.op,
    layer: { ...reading.layer, attributes: { ...reading.layer.attributes, weights }, parameters: Object.fromEntries(slots) },
    values: [...values, ...owned.map(({ slot }) => slot.constant)],
    note: `${name}: the data decides which branch it takes; ${figures(macs, others, unknown, counted && same.length < all.size)}.`,
  }
}

const sizes = (shape: Shape): string => shape.join('×') || 'a scalar'

function figures(yes: number, no: number, unknown: readonly string[], otherwise: boolean): string {
  if (unknown.length > 0)
    return `its then_branch has ${yes} multiply-adds and its else_branch ${no} beside ${unknown.join(', ')}, which cannot be counted: neither is counted`
  if (yes !== no) return `its then_branch has ${yes} multiply-adds and its else_branch ${no}: neither is counted`
  return `both have ${yes} multiply-adds, which are counted${otherwise ? '; their other arithmetic differs, and what differs is not counted' : ''}`
}

/** The weights of both branches, each once. */
function ownedBy(branches: readonly BranchOfIf[]): BranchOfIf['weights'] {
  const seen = new Map<Constant, BranchOfIf['weights'][number]>()
  for (const { weights } of branches)
    for (const weight of weights) if (!seen.has(weight.slot.constant)) seen.set(weight.slot.constant, weight)
  return [...seen.values()]
}
