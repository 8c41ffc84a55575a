import type { Graph } from '../../../engine/graph.ts'
import { type Fit, largestBatch } from '../../../engine/memory/fit.ts'
import { isAlive, type MemoryOptions, type MemoryTimeline, memoryTimeline } from '../../../engine/memory/index.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

export interface MemoryTask {
  graph: Packed
  options: MemoryOptions
  /** What the largest batch is to fit; null where none is asked for. */
  bytes: number | null
}

/** How often a task costs its network, about. @param searched whether the largest batch is asked for. */
export const timesCosted = (searched: boolean): number => (searched ? 10 : 2)

/** Tensors of the peak that are listed. */
const mostTensors = 100

export type Memory = Omit<MemoryTimeline, 'peak'> & {
  peak: MemoryTimeline['peak'] & {
    tensors: (Pick<MemoryTimeline['tensors'][number], 'tensor' | 'kind' | 'bytes' | 'from' | 'to'> & { steps: number })[]
  }
  fit: Fit | null
}

/** What is in memory of a stored graph. @throws EngineError as `memoryTimeline` does. */
export function memoryOf({ graph: packed, options, bytes }: MemoryTask): Memory {
  const graph = unpack(packed) as Graph
  const timeline = memoryTimeline(graph, options)
  const { batch: _batch, ...any } = options
  const tensors = timeline.tensors
    .filter((each) => isAlive(each, timeline.peak.step) && each.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, mostTensors)
    .map(({ tensor, kind, bytes: size, from, to }) => ({
      ...{ tensor, kind, bytes: size, from, to },
      steps: Math.min(to, timeline.steps.length - 1) - Math.max(from, 0) + 1,
    }))
  return { ...timeline, peak: { ...timeline.peak, tensors }, fit: bytes === null ? null : largestBatch(graph, bytes, any) }
}
