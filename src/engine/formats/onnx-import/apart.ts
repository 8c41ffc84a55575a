import { type BatchOfFile, placeOf } from './batch.ts'
import type { Budget } from './budget.ts'
import type { Activation, Value } from './constant.ts'
import { type Decomposed, Decomposer } from './decompositions/decomposer.ts'
import type { FileNode } from './model.ts'

/**
 * Files of a fixed batch of 1 that give the batch up: `x.squeeze(0)`, `x[0]`, `x.reshape(-1)` leave one image's elements
 * along a dim, and nodes that gather, cut, join or reduce along it. At another batch that dim holds images as its outermost
 * factor. Here the images get a dim of their own before such a node and lose it behind, so that the node does with each
 * what the file does with its one.
 */

/** Dims that a node works along: of its input, or null where it works along none. */
type Along = (to: Decomposer) => readonly number[] | null

const axis =
  (name: string, otherwise: number, since = 0): Along =>
  (to) =>
    to.node.opset < since ? null : [to.attributes.int(name, otherwise)]

/** Axes that are an attribute in older opsets and an input in newer ones, all where they are left out. */
const axes =
  (input: number, every: boolean): Along =>
  (to) => {
    const given = to.values[input] ? to.numbers(input) : (to.attributes.ints('axes') ?? undefined)
    if (given === null) return null
    if (given?.length) return given
    if (!every) return to.numbers(1) && to.numbers(1)!.map((_, i) => i)
    return to.attributes.int('noop_with_empty_axes', 0) === 1 ? null : to.shape(0).map((_, i) => i)
  }

const reductions = ['Max', 'Mean', 'Min', 'Prod', 'Sum', 'L1', 'L2', 'SumSquare', 'LogSum', 'LogSumExp']

/** How a node is told the dims that it works along, once there is one more before them. */
type Tell = (
  to: Decomposer,
  dims: readonly number[],
) => { inputs?: readonly string[]; attributes?: Record<string, number | readonly number[]> }

interface Kind {
  along: Along
  tell: Tell
}

const byAxis = (along: Along): Kind => ({ along, tell: (_to, dims) => ({ attributes: { axis: dims[0]! } }) })

const byAxes = (input: number, every: boolean): Kind => ({
  along: axes(input, every),
  tell: (to, dims) => {
    if (input > 1 ? to.node.opset < 10 : to.node.opset < (to.node.opType === 'ReduceSum' ? 13 : 18)) return { attributes: { axes: dims } }
    const inputs = [...to.node.inputs]
    while (inputs.length < input) inputs.push('')
    inputs[input] = to.integers('axes', dims)
    return { inputs }
  },
})

const tile: Kind = {
  along: (to) => to.numbers(1)?.flatMap((n, i) => (n === 1 ? [] : [i])) ?? null,
  tell: (to, dims) => {
    const times = to.numbers(1)!.filter((n) => n !== 1)
    const repeats = new Array<number>(to.shape(0).length + 1).fill(1)
    dims.forEach((dim, i) => (repeats[dim] = times[i]!))
    return { inputs: [to.node.inputs[0]!, to.integers('repeats', repeats)] }
  },
}

const kinds: Readonly<Record<string, Kind>> = {
  Gather: byAxis(axis('axis', 0)),
  Concat: byAxis(axis('axis', 1)),
  Split: byAxis(axis('axis', 0)),
  Softmax: byAxis(axis('axis', -1, 13)),
  LogSoftmax: byAxis(axis('axis', -1, 13)),
  LayerNormalization: {
    along: (to) => {
      const rank = to.shape(0).length
      const from = to.attributes.int('axis', -1)
      return to.shape(0).flatMap((_, i) => (i >= (from < 0 ? from + rank : from) ? [i] : []))
    },
    tell: (_to, dims) => ({ attributes: { axis: dims[0]! } }),
  },
  // A matrix that is not the network's to compute: each image's vector is a row.
  MatMul: {
    along: (to) => (to.values[1]?.kind === 'constant' && to.shape(1).length <= 2 ? [to.shape(0).length - 1] : null),
    tell: () => ({}),
  },
  Slice: byAxes(3, false),
  Tile: tile,
  ...Object.fromEntries(reductions.map((kind) => [`Reduce${kind}`, byAxes(1, true)])),
}

/**
 * Where the images get their dim: before the one that they share where they lie outermost in it, behind it where innermost.
 * Null where the node does not work along the dim that they share, or where no such place is there.
 */
function placeApart(to: Decomposer, along: readonly number[]): number | null {
  let found: { dim: number; at: number } | null = null
  for (const value of to.values) {
    const place = value?.kind === 'activation' ? placeOf(value) : null
    if (!place) continue
    const { dim, outer } = place
    if (!along.includes(dim) || (outer !== 1 && outer !== value!.shape[dim])) return null
    const at = outer === 1 ? dim : dim + 1
    if (found && (found.dim !== dim || found.at !== at)) return null
    found = { dim, at }
  }
  return found?.at ?? null
}

/** A node of a file of one image, written as what it does with each of several; null where it needs no such thing. */
export function apart(node: FileNode, values: readonly (Value | undefined)[], batch: BatchOfFile, budget: Budget): Decomposed | null {
  const kind = node.domain === '' ? kinds[node.opType] : undefined
  if (!kind || batch.open || batch.size !== 1 || !values.some((value) => value?.kind === 'activation')) return null
  const to = new Decomposer(node, values, budget)
  const rank = to.shape(0).length
  const along = kind.along(to)?.map((dim) => (dim < 0 ? dim + rank : dim))
  const at = along ? placeApart(to, along) : null
  if (!along || at === null) return null
  const data = node.opType === 'Concat' ? node.inputs : node.inputs.slice(0, 1)
  const raised = data.map((name, i) => {
    const { shape } = values[i] as Activation
    return to.step('Reshape', [name, to.integers(`apart${i}/shape`, [...shape.slice(0, at), 1, ...shape.slice(at)])], `apart${i}`)
  })
  const told = kind.tell(
    to,
    along.map((each) => (each >= at ? each + 1 : each)),
  )
  const inputs = [...raised, ...(told.inputs ?? node.inputs).slice(raised.length)]
  const made = node.outputs.map((name, i) => (name === '' ? '' : `${name}/apart${i}`))
  to.copy(inputs, made, told.attributes ?? {})
  node.outputs.forEach((name, i) => {
    if (name !== '') to.joinBatch(made[i]!, name)
  })
  return to
}
