import type { CostOptions } from '../engine/cost.ts'
import type { Graph, Layer } from '../engine/graph.ts'
import { type GroupCost, groupCosts } from '../engine/group-costs.ts'
import { algorithmGain } from '../engine/least-flops.ts'
import type { Ceilings, LayerProfile } from './contract.ts'

/**
 * The per-layer profile beside what the layers cost, by the roofline model (Williams, Waterman and Patterson, "Roofline:
 * An Insightful Visual Performance Model for Multicore Architectures", CACM 52(4), 2009): a kernel of so many flops a byte
 * can do no more than min(compute ceiling, intensity × memory ceiling).
 */

/** How flops are counted here, whatever a cost answer's convention: 2 a multiply-add, every other operation by its arithmetic. */
export const rooflineConvention = 'full'

/** A row is far from the roofline below this share of it … */
export const farBelow = 0.5
/** … where it takes at least this share of the call: what is nothing cannot be worth a look. */
export const farShare = 0.01

/** What bounds a row on the roofline; null where its layers neither compute nor move anything. */
export type Bound = 'compute' | 'memory' | null

/**
 * Why a row is above the roofline. `inCache`: it moves less than the layer that the memory ceiling was measured with, so
 * that caches can serve it. `fewerFlops`: a cheaper algorithm than the definition is known for it, such as Winograd's.
 * `ceilingTooLow`: neither, so the ceiling was measured while the device did less than it can.
 */
export const aboveReasons = ['inCache', 'fewerFlops', 'ceilingTooLow'] as const
export type AboveReason = (typeof aboveReasons)[number]

/** What ran as one kernel, or the layers of one row of the profile. Rates are null where no time was measured. */
export interface RooflineRow extends GroupCost {
  /** Mean time of a call, ms; 0 where no kernel ran for the layer. */
  ms: number
  /** Share of the profiled call. */
  share: number
  bytes: number
  gflopsPerSecond: number | null
  gigabytesPerSecond: number | null
  /** Flops per byte; 0 where nothing moves. */
  arithmeticIntensity: number
  /** min(compute ceiling, intensity × memory ceiling), 10^9 flop/s. */
  attainableGflopsPerSecond: number
  /** The time it would take on the roofline, ms: the larger of flops / compute ceiling and bytes / memory ceiling. */
  rooflineMs: number
  /** `rooflineMs` / `ms`: achieved over attainable. */
  rooflineShare: number | null
  /** Why that is above 1; null where it is not. */
  above: AboveReason | null
  bound: Bound
  far: boolean
  /** `ms` × (1 − `rooflineShare`), 0 where it is on the roofline or above. */
  lostMs: number
}

export interface Roofline {
  convention: typeof rooflineConvention
  ceilings: Ceilings
  /** Flops per byte from which on the compute ceiling binds. */
  ridgeFlopsPerByte: number
  /** In graph order; every layer of the graph in exactly one. */
  rows: RooflineRow[]
  /** Kernels that belong to no layer, such as changes of layout. */
  unattributed: { ms: number; share: number }
  totals: {
    /** Wall time of the profiled call. */
    callMs: number
    /** Σ rows + unattributed. */
    kernelMs: number
    /** The call less its kernels: dispatch and bookkeeping. */
    betweenKernelsMs: number
    macs: number
    flops: number
    bytes: number
    /** Over the time of all kernels. */
    gflopsPerSecond: number | null
    gigabytesPerSecond: number | null
    rooflineMs: number
    rooflineShare: number | null
    /** Why that is above 1: the reason of the longest row that is; null where it is not. */
    above: AboveReason | null
    lostMs: number
    /** Rows that are far from the roofline. */
    far: number
  }
}

/**
 * Joins a profile to the graph that it is of.
 * @param options of the profiled call: batch, resolution and the precision as dtype; the convention is `full`.
 * @throws EngineError as `computeCosts` does.
 */
export function rooflineOf(
  graph: Graph,
  profile: LayerProfile,
  ceilings: Ceilings,
  options: Pick<CostOptions, 'batch' | 'resolution' | 'dtype'>,
): Roofline {
  const timed = withEveryLayer(graph, profile.perLayer)
  const costs = groupCosts(
    graph,
    timed.map(({ layerIds }) => layerIds),
    { ...options, convention: rooflineConvention },
  )
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]))
  const gainOf = ({ layerIds }: GroupCost): number =>
    layerIds.reduce((most, id) => Math.max(most, algorithmGain(layers.get(id) as Layer)), 1)
  const rows = costs.map((cost, i) => rowOf(cost, timed[i]!.ms, profile.totalMs, ceilings, gainOf(cost)))
  const total = (of: (row: RooflineRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0)
  const kernelMs = total(({ ms }) => ms) + profile.unattributedMs
  const [flops, bytes, rooflineMs] = [total((row) => row.flops), total((row) => row.bytes), total((row) => row.rooflineMs)]
  const rooflineShare = kernelMs > 0 ? rooflineMs / kernelMs : null
  const longestAbove = rows.reduce((longest: RooflineRow | null, row) => (row.above && row.ms > (longest?.ms ?? 0) ? row : longest), null)
  return {
    convention: rooflineConvention,
    ceilings,
    ridgeFlopsPerByte: ceilings.compute.flopsPerSecond / ceilings.memory.bytesPerSecond,
    rows,
    unattributed: { ms: profile.unattributedMs, share: shareOf(profile.unattributedMs, profile.totalMs) },
    totals: {
      callMs: profile.totalMs,
      kernelMs,
      betweenKernelsMs: Math.max(0, profile.totalMs - kernelMs),
      macs: total((row) => row.macs),
      flops,
      bytes,
      gflopsPerSecond: giga(flops, kernelMs),
      gigabytesPerSecond: giga(bytes, kernelMs),
      rooflineMs,
      rooflineShare,
      above: rooflineShare !== null && rooflineShare > 1 ? longestAbove!.above : null,
      lostMs: total((row) => row.lostMs),
      far: rows.filter(({ far }) => far).length,
    },
  }
}

/** The rows of a profile, and one of 0 ms for each layer that no kernel ran for, such as what was folded at load. */
function withEveryLayer({ layers }: Graph, perLayer: LayerProfile['perLayer']): LayerProfile['perLayer'] {
  const timed = new Set(perLayer.flatMap(({ layerIds }) => layerIds))
  const position = new Map(layers.map(({ id }, i) => [id, i]))
  const at = ({ layerIds }: { layerIds: string[] }): number => position.get(layerIds[0]!)!
  const untimed = layers.filter(({ id }) => !timed.has(id)).map(({ id }) => ({ layerIds: [id], ms: 0 }))
  return [...perLayer, ...untimed].sort((a, b) => at(a) - at(b))
}

/** @param gain by how much the cheapest known algorithm for the row's layers beats their definition. */
function rowOf(cost: GroupCost, ms: number, callMs: number, { compute, memory }: Ceilings, gain: number): RooflineRow {
  const { flops } = cost
  const bytes = cost.bytesRead + cost.bytesWritten
  const computeMs = (1000 * flops) / compute.flopsPerSecond
  const memoryMs = (1000 * bytes) / memory.bytesPerSecond
  const rooflineMs = Math.max(computeMs, memoryMs)
  const rooflineShare = ms > 0 ? rooflineMs / ms : null
  const share = shareOf(ms, callMs)
  const aboveReason = (): AboveReason => {
    if (computeMs < memoryMs) return bytes < memory.bytes ? 'inCache' : 'ceilingTooLow'
    return rooflineShare! <= gain ? 'fewerFlops' : 'ceilingTooLow'
  }
  const arithmeticIntensity = bytes === 0 ? 0 : flops / bytes
  return {
    ...cost,
    ms,
    share,
    bytes,
    gflopsPerSecond: giga(flops, ms),
    gigabytesPerSecond: giga(bytes, ms),
    arithmeticIntensity,
    attainableGflopsPerSecond: Math.min(compute.flopsPerSecond, arithmeticIntensity * memory.bytesPerSecond) / 1e9,
    rooflineMs,
    rooflineShare,
    above: rooflineShare === null || rooflineShare <= 1 ? null : aboveReason(),
    bound: rooflineMs === 0 ? null : computeMs >= memoryMs ? 'compute' : 'memory',
    far: rooflineShare !== null && rooflineShare < farBelow && share >= farShare,
    lostMs: Math.max(0, ms - rooflineMs),
  }
}

/** 10^9 a second. */
const giga = (count: number, ms: number): number | null => (ms > 0 ? count / ms / 1e6 : null)
const shareOf = (ms: number, ofMs: number): number => (ofMs > 0 ? ms / ofMs : 0)
