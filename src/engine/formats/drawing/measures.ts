import type { Costs, LayerCost } from '../../cost.ts'
import { showBytes, showCount } from '../../quantity.ts'
import type { Box } from './fold.ts'

/** What boxes are colored by. */
export const colorings = ['params', 'macs', 'flops', 'memoryKiB', 'bytes', 'ms'] as const
export type Coloring = (typeof colorings)[number]

/** Measured time of layers that ran as one, as a run's profile has it. */
export interface LayerTime {
  layerIds: readonly string[]
  /** Mean time of a call. */
  ms: number
}

export interface Measure {
  /** What the figures are, for the legend. */
  words: string
  /** What stands between an exact figure and the words. */
  unit: '' | 'bytes of ' | 'ms of '
  color: readonly [number, number, number]
  show(value: number): string
  /** Of a layer. */
  of(layer: LayerCost): number
  /** What is to be said of a box beside its figure. */
  note(box: Box): string | null
}

const milliseconds = (value: number): string =>
  value === 0 ? '0 ms' : value < 0.1 ? `${Number((1000 * value).toPrecision(3))} µs` : `${Number(value.toPrecision(3))} ms`

const unknown = ({ layers }: Box): string | null => {
  const uncounted = layers.filter(({ counted }) => counted === false).length
  return uncounted === 0 ? null : layers.length === 1 ? 'not counted' : `${uncounted} of its layers not counted`
}
const nothing = () => null

/** The measure by its name. @param times needed by `ms`. */
export function measureOf(name: Coloring, { convention }: Costs, times: readonly LayerTime[] = []): Measure {
  const counted = { unit: '' as const, show: showCount, note: unknown }
  if (name === 'params') return { ...counted, words: 'parameters', color: [242, 142, 43], of: ({ params }) => params, note: nothing }
  if (name === 'macs') return { ...counted, words: 'multiply-adds', color: [89, 161, 79], of: ({ macs }) => macs }
  if (name === 'flops') return { ...counted, words: `flops (${convention})`, color: [89, 161, 79], of: ({ flops }) => flops }
  if (name === 'memoryKiB')
    return {
      words: 'activation memory',
      unit: 'bytes of ',
      color: [78, 121, 167],
      show: showBytes,
      of: ({ memoryKiB }) => 1024 * memoryKiB,
      note: nothing,
    }
  if (name === 'bytes')
    return {
      words: 'bytes read and written',
      unit: '',
      color: [176, 122, 161],
      show: showBytes,
      of: ({ bytesRead, bytesWritten }) => bytesRead + bytesWritten,
      note: nothing,
    }
  const own = new Map<string, number>()
  const joined = new Map<string, string>()
  for (const { layerIds, ms } of times) {
    const [first, ...others] = layerIds
    if (first === undefined) continue
    own.set(first, (own.get(first) ?? 0) + ms)
    for (const id of others) joined.set(id, first)
  }
  return {
    words: 'measured time',
    unit: 'ms of ',
    color: [225, 87, 89],
    show: milliseconds,
    of: ({ id }) => own.get(id) ?? 0,
    // What ran as one kernel has its time at the first layer.
    note: ({ layers: [layer, ...others] }) => {
      const first = layer && others.length === 0 && !own.has(layer.id) ? joined.get(layer.id) : undefined
      return first === undefined ? null : `in the time of ${first}`
    },
  }
}
