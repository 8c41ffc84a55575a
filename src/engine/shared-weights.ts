import type { Layer } from './graph.ts'
import type { Limits } from './limits.ts'
import type { Parameter } from './op.ts'
import { opOf } from './ops/index.ts'
import type { Draft } from './read-spec.ts'
import { pointer } from './schema-violations.ts'
import { numel, type Shape, sameShape } from './shape.ts'
import type { Violations } from './violations.ts'

/**
 * Shared weights: a layer with `weightsOf` computes with the parameters of another one, as a module that is called
 * twice. The other owns them: they count, lie in memory and are written to a file once, under its id.
 */

/** Id of the layer whose parameters this one computes with: itself, where it shares none. */
export const ownerOf = (layer: Layer): string => layer.weightsOf ?? layer.id

const names = (parameters: readonly Parameter[]): string =>
  parameters.map(({ name, shape }) => `${name} ${shape.join('×')}`).join(', ') || 'none'

/** Why `sharer` cannot be the parameters `owner`: a sentence that says what would be right, or null where it can. */
export function whyNotShared(owner: readonly Parameter[], sharer: readonly Parameter[], ownerId: string): string | null {
  const same =
    owner.length === sharer.length &&
    owner.every(({ name, shape, trainable }, i) => {
      const other = sharer[i] as Parameter
      return other.name === name && other.trainable === trainable && sameShape(shape, other.shape)
    })
  if (same) return null
  return `${ownerId} has the parameters ${names(owner)}, but this layer needs ${names(sharer)}: give both the same channels and attributes, or each weights of its own`
}

/** Parameters of a layer on these inputs, and running statistics. */
export const parametersOf = ({ type, attributes }: Pick<Layer, 'type' | 'attributes'>, inputs: readonly Shape[]): readonly Parameter[] =>
  opOf(type).parameters?.(inputs, attributes) ?? []

/** Elements that are counted for a parameter of a layer: those that it is filled with, as far as no other layer has counted them. */
export const countedFor = (layer: Pick<Layer, 'weightsOf' | 'params'>, { name, shape }: Parameter): number =>
  layer.weightsOf === undefined ? (layer.params?.[name] ?? numel(shape)) : 0

/** Checks the `params` and the types of parameters of every layer of a specification: each names a parameter of it, as far as its inputs are known. */
export function checkCounts(drafts: readonly Draft[], shapes: ReadonlyMap<string, Shape>, limits: Limits, violations: Violations): void {
  for (const { op, attributes, inputs, params, dtypes, weightsOf, id, index } of drafts) {
    if (params === undefined && dtypes?.params === undefined) continue
    const path = `/layers/${index}/params`
    if (params !== undefined && weightsOf !== undefined)
      violations.add(path, id, `the weights of ${weightsOf.slice(0, 60)} are counted there: leave params out`)
    const known = inputs.map((name) => shapes.get(name))
    if (!op || !attributes || !shapes.has(id) || known.some((shape) => shape === undefined)) continue
    const names = (op.parameters?.(known as Shape[], attributes) ?? []).map((parameter) => parameter.name)
    for (const name of Object.keys(dtypes?.params ?? {}))
      if (!names.includes(name))
        violations.add(
          `/layers/${index}/dtypes/params/${pointer(name)}`,
          id,
          `${op.type} has no parameter "${name.slice(0, 60)}"${violations.hint(name, names)}`,
        )
    for (const [name, count] of Object.entries(params ?? {})) {
      if (!names.includes(name))
        violations.add(`${path}/${pointer(name)}`, id, `${op.type} has no parameter "${name.slice(0, 60)}"${violations.hint(name, names)}`)
      else if (count > limits.maxElements)
        violations.add(`${path}/${pointer(name)}`, id, `${name} counts ${count} elements, the limit is ${limits.maxElements}`)
    }
  }
}

/**
 * Checks every `weightsOf` of a specification: the owner exists, owns its parameters itself, is of the same type, and
 * has parameters of the same shapes, as far as shapes are known.
 */
export function checkSharing(drafts: readonly Draft[], shapes: ReadonlyMap<string, Shape>, violations: Violations): void {
  if (drafts.every(({ weightsOf }) => weightsOf === undefined)) return
  const byId = new Map(drafts.map((draft) => [draft.id, draft]))
  let ids: string[] | undefined
  const parameters = ({ op, attributes, inputs }: Draft): readonly Parameter[] | null => {
    const known = inputs.map((name) => shapes.get(name))
    // A layer without an output shape was refused, so its parameters mean nothing.
    return op && attributes && known.every((shape) => shape !== undefined) ? (op.parameters?.(known as Shape[], attributes) ?? []) : null
  }
  for (const draft of drafts) {
    if (draft.weightsOf === undefined) continue
    const add = (message: string) => violations.add(`/layers/${draft.index}/weightsOf`, draft.id, message)
    const owner = byId.get(draft.weightsOf)
    if (owner === undefined) {
      ids ??= drafts.slice(0, 1000).map(({ id }) => id)
      add(`there is no layer "${draft.weightsOf.slice(0, 60)}" to share the weights of${violations.hint(draft.weightsOf, ids)}`)
    } else if (owner === draft) add('a layer has its own weights by itself: leave weightsOf out, or name another layer')
    else if (owner.weightsOf !== undefined)
      add(
        `${owner.id} has the weights of ${owner.weightsOf.slice(0, 60)} itself: name the layer that owns them, "${owner.weightsOf.slice(0, 60)}"`,
      )
    else if (draft.op && owner.op) {
      if (draft.op !== owner.op)
        add(`${owner.id} is a ${owner.op.type}, this layer a ${draft.op.type}: weights are shared between layers of one type`)
      else if (!draft.op.parameters) add(`${draft.op.type} has no weights to share: leave weightsOf out`)
      else if (shapes.has(draft.id) && shapes.has(owner.id)) {
        const [theirs, ours] = [parameters(owner), parameters(draft)]
        const reason = theirs && ours ? whyNotShared(theirs, ours, owner.id) : null
        if (reason) add(reason)
      }
    }
  }
}
