import { placeOf } from '../batch.ts'
import type { Constant } from '../constant.ts'
import { numelOfDims } from '../shapes.ts'
import type { Decomposer, Decomposition } from './decomposer.ts'

/** What becomes of an element that is there already. */
const joins: Readonly<Record<string, string>> = { add: 'Add', mul: 'Mul', max: 'Max', min: 'Min' }

/** Positions along one dim after another, each dim's own: null where they are other than such a grid. */
function gridOf(to: Decomposer, table: Constant): (readonly number[])[] | null {
  const dims = table.shape.slice(0, -1)
  const depth = table.shape.at(-1)
  if (depth !== dims.length) return null
  return alongOf(to, table, dims) ?? listed(to, table, dims)
}

/** The same of a grid whose positions along each dim were repeated along the others: their few are read alone. */
function alongOf(to: Decomposer, { columns }: Constant, dims: readonly number[]): (readonly number[])[] | null {
  if (columns?.length !== dims.length) return null
  const each = columns.map(({ repeats }, dim) =>
    repeats?.shape.length === dims.length + 1 && repeats.shape.every((size, i) => size === (i === dim ? dims[dim] : 1))
      ? to.list(repeats)
      : null,
  )
  return each.some((positions) => !positions) ? null : (each as (readonly number[])[])
}

function listed(to: Decomposer, table: Constant, dims: readonly number[]): (readonly number[])[] | null {
  if (numelOfDims(table.shape) > mostListed) return null
  const numbers = to.list(table)
  if (!numbers) return null
  const depth = dims.length
  const steps = dims.map((_, dim) => numelOfDims(dims.slice(dim + 1)))
  const grid = dims.map((size, dim) => Array.from({ length: size }, (_, i) => numbers[i * steps[dim]! * depth + dim]!))
  for (let row = 0; row < numbers.length / depth; row++)
    for (let dim = 0; dim < depth; dim++)
      if (numbers[row * depth + dim] !== grid[dim]![Math.floor(row / steps[dim]!) % dims[dim]!]) return null
  return grid
}

const mostListed = 2 ** 20

const isWhole = (positions: readonly number[], size: number): boolean =>
  positions.length === size && positions.every((position, i) => position === i)

/**
 * ScatterND at positions that are a grid, `x[:, 1:, ::2] = y` as exporters write it: along one dim after another, the parts before and
 * behind joined with what comes between; rows that are no range are picked out of both. With a `reduction` the elements that are there
 * are joined with the new ones. Null where the positions are no grid, or name some of the images.
 */
export const scatterNd: Decomposition = (to) => {
  const [data, table, updates] = to.values
  const [x, , y] = to.node.inputs as [string, string, string]
  const reduction = to.attributes.text('reduction', 'none')
  if (!data || !updates || table?.kind !== 'constant' || (reduction !== 'none' && !joins[reduction])) return null
  const grid = gridOf(to, table)
  const wide = grid && table.wide ? gridOf(to, table.wide) : grid
  if (!grid || !wide) return null
  const narrowShape = to.shape(0)
  const wideShape = data.kind === 'activation' ? data.wide : (data.wide ?? data).shape
  const rows = grid.map((positions, dim) => positions.map((position) => (position < 0 ? position + narrowShape[dim]! : position)))
  const cut: number[] = []
  for (const [dim, positions] of rows.entries()) {
    const size = narrowShape[dim]!
    const grows = wideShape[dim] !== size
    // Of a file of a fixed batch all images are all that there will be.
    if (isWhole(positions, size) && (!grows || (table.wide ? isWhole(wide[dim]!, wideShape[dim]!) : !to.file.openBatch))) continue
    if (grows || wide[dim]!.join() !== grid[dim]!.join()) return null
    if (
      positions.length === 0 ||
      new Set(positions).size < positions.length ||
      positions.some((position) => position < 0 || position >= size)
    )
      return null
    cut.push(dim)
  }
  const place = updates.kind === 'activation' ? placeOf(updates) : null
  // What takes the place of all images must be there for each of them.
  if (cut.length === 0 && reduction === 'none' && !place && wideShape.some((size, i) => size !== narrowShape[i])) return null
  const assign = (what: () => string, at: number, hint: string | null): string => {
    const dim = cut[at]
    let made: string | undefined
    const from = () => (made ??= what())
    if (dim === undefined) {
      if (reduction !== 'none') return to.next(joins[reduction]!, [from(), y], hint)
      return hint === null ? to.next('Identity', [y], hint) : y
    }
    const positions = rows[dim]!
    const name = `${hint ?? 'scatter'}/${dim}`
    const [first, size] = [positions[0]!, narrowShape[dim]!]
    if (positions.some((position, i) => position !== first + i)) {
      const picked = () => to.step('Gather', [from(), to.integers(`${name}/indices`, positions)], `${name}/picked`, { axis: dim })
      const both = to.step('Concat', [from(), assign(picked, at + 1, `${name}/inside`)], `${name}/both`, { axis: dim })
      const place = new Map(positions.map((position, i) => [position, size + i]))
      const order = Array.from({ length: size }, (_, i) => place.get(i) ?? i)
      return to.next('Gather', [both, to.integers(`${name}/order`, order)], hint, { axis: dim })
    }
    const slice = (start: number, end: number, part: string) =>
      to.step(
        'Slice',
        [
          from(),
          to.integers(`${name}/${part}/starts`, [start]),
          to.integers(`${name}/${part}/ends`, [end]),
          to.integers(`${name}/${part}/axes`, [dim]),
        ],
        `${name}/${part}`,
      )
    const end = first + positions.length
    const parts = [
      ...(first > 0 ? [slice(0, first, 'before')] : []),
      assign(() => slice(first, end, 'within'), at + 1, `${name}/inside`),
      ...(end < size ? [slice(end, size, 'behind')] : []),
    ]
    return to.next('Concat', parts, hint, { axis: dim })
  }
  assign(() => x, 0, null)
  return to
}
