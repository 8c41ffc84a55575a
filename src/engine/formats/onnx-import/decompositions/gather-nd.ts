import { numelOfDims } from '../shapes.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'

/** A list of positions in the first `depth` dims of a tensor: `table` holds one after another, in the order of `dims`. */
interface Positions {
  depth: number
  dims: readonly number[]
  table: readonly number[]
}

/**
 * The indices along each of the dims where these are picked independently: those of the first dim follow from the first
 * dims of the table, and so on, as of rows and columns of a map. Null where they are not.
 */
function apart({ depth, dims, table }: Positions): { dims: readonly number[]; indices: number[] }[] | null {
  if (depth > dims.length) return null
  const steps = dims.map((_, i) => numelOfDims(dims.slice(i + 1)))
  const rows = numelOfDims(dims)
  const each: { dims: readonly number[]; indices: number[] }[] = []
  let from = 0
  for (let part = 0; part < depth; part++) {
    // As few dims of the table as possible for each but the last.
    let to = part === depth - 1 ? dims.length : from
    const follows = () => {
      const inner = numelOfDims(dims.slice(to))
      const own = numelOfDims(dims.slice(from, to))
      for (let row = 0; row < rows; row++) {
        const place = Math.floor(row / inner) % own
        if (table[row * depth + part] !== table[place * inner * depth + part]) return false
      }
      return true
    }
    if (part < depth - 1)
      do to++
      while (to < dims.length - (depth - 1 - part) && !follows())
    if (to <= from || !follows()) return null
    const inner = steps[to - 1]!
    each.push({
      dims: dims.slice(from, to),
      indices: Array.from({ length: numelOfDims(dims.slice(from, to)) }, (_, i) => table[i * inner * depth + part]!),
    })
    from = to
  }
  return each
}

/** GatherND of what the network computes by positions that the file holds: picks along one dim after another, or along their product. */
export const gatherNd: Decomposition = (to: Decomposer) => {
  const indices = to.values[1]
  const given = to.numbers(1)
  if (to.values[0]?.kind !== 'activation' || indices?.kind !== 'constant' || !given || to.attributes.int('batch_dims', 0) !== 0) return null
  const shape = to.shape(0)
  const depth = indices.shape.at(-1) ?? 0
  if (depth < 1 || depth > shape.length || indices.shape.length < 2) return null
  const table = given.map((index, i) => (index < 0 ? index + shape[i % depth]! : index))
  const dims = indices.shape.slice(0, -1)
  const each = apart({ depth, dims, table })
  const [x] = to.node.inputs as [string]
  if (each) {
    let from = x
    for (let part = depth - 1; part >= 0; part--) {
      const wanted = to.integers(`indices${part}`, each[part]!.indices, each[part]!.dims)
      from = to.next('Gather', [from, wanted], part === 0 ? null : `dim${part}`, { axis: part })
    }
    return to
  }
  const flat = Array.from({ length: table.length / depth }, (_, row) => {
    let at = 0
    for (let part = 0; part < depth; part++) at = at * shape[part]! + table[row * depth + part]!
    return at
  })
  const joined = to.step('Reshape', [x, to.integers('joined/shape', [numelOfDims(shape.slice(0, depth)), ...shape.slice(depth)])], 'joined')
  return to.last('Gather', [joined, to.integers('indices', flat, dims)], { axis: 0 })
}
