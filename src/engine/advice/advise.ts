import { computeCosts } from '../cost.ts'
import type { Dtype } from '../dtypes.ts'
import { EngineError } from '../errors.ts'
import type { Graph } from '../graph.ts'
import type { Limits } from '../limits.ts'
import { featuresOf } from '../prediction/features.ts'
import { type LatencyModel, predictLatency } from '../prediction/model.ts'
import { rewriteGraph } from '../rewrites/apply.ts'
import { rewrites } from '../rewrites/index.ts'
import type { AdviceCeilings, FindingResult, MeasuredTimes } from './finding.ts'
import { findings } from './index.ts'

export interface Finding extends Omit<FindingResult, 'runId'> {
  name: string
  rule: string
  source: string
  /** The run that was measured; null where the finding rests on no measurement. */
  runId: string | null
}

/** A rewrite that makes the network cheaper, what it saves, and what that costs. */
export interface Saving {
  rewrite: string
  /** What it would change, with default options. */
  layers: number
  saved: { params: number; macs: number; memoryKiB: number }
  /** Of the network’s own. Below 0 where it costs more. */
  share: { params: number; macs: number; memoryKiB: number }
  /** Of the predicted time of a call, ms, below 0 where it would take longer; null where none was predicted. */
  savedMs: number | null
  givesUp: string
  source: string
}

export interface Advice {
  batch: number
  /** Predicted time of a call, ms; null where none was asked for. */
  predictedMs: number | null
  findings: Finding[]
  /** Rewrites that apply and save something, the largest share of anything first. */
  savings: Saving[]
  /** Rewrite that saves the most of each; null where none does. */
  best: { params: string | null; macs: string | null; memoryKiB: string | null; ms: string | null }
}

export interface AdviceOptions {
  batch?: number
  ceilings?: AdviceCeilings | null
  measured?: MeasuredTimes | null
  /** By which the time of a call is predicted, with tensors of this type. */
  latency?: { model: LatencyModel; dtype: Dtype } | null
  /** Of the networks that rewrites make; those of the engine without. */
  limits?: Limits
}

/** Those that may be advised. */
export const advisable = rewrites.filter(({ asMuchAsAsked }) => asMuchAsAsked !== true)

/**
 * What dominates a network’s cost, checked rule by rule, and which rewrites save what.
 * @throws EngineError as `computeCosts` does.
 */
export function advise(graph: Graph, { batch = 1, ceilings = null, measured = null, latency = null, limits }: AdviceOptions = {}): Advice {
  const costs = computeCosts(graph, { batch })
  const full = computeCosts(graph, { batch, convention: 'full' })
  const found = findings.flatMap(({ name, rule, source, find }) => {
    const result = find({ graph, costs, full, ceilings, measured })
    return result ? [{ name, rule, source, runId: null, ...result }] : []
  })
  const timeOf = (of: Graph): number | null => latency && predictLatency(latency.model, featuresOf(of, { batch, dtype: latency.dtype }))
  const predictedMs = timeOf(graph)
  const savings = advisable.flatMap(({ name, givesUp, source }) => {
    const saving = savingOf(graph, name, { batch, limits, timeOf }, { ...costs.totals, ms: predictedMs })
    return saving ? [{ rewrite: name, ...saving, givesUp, source }] : []
  })
  const greatest = ({ share }: Saving) => Math.max(share.params, share.macs, share.memoryKiB)
  savings.sort((a, b) => greatest(b) - greatest(a))
  const best = (of: keyof Saving['share']): string | null =>
    savings.reduce((most: Saving | null, each) => (each.share[of] > (most?.share[of] ?? 0) ? each : most), null)?.rewrite ?? null
  const fastest = savings.reduce((most: Saving | null, each) => ((each.savedMs ?? 0) > (most?.savedMs ?? 0) ? each : most), null)
  const bests = { params: best('params'), macs: best('macs'), memoryKiB: best('memoryKiB'), ms: fastest?.rewrite ?? null }
  return { batch, predictedMs, findings: found, savings, best: bests }
}

/** What a rewrite would save, or null where it does not apply or saves nothing. */
function savingOf(
  graph: Graph,
  rewrite: string,
  { batch, limits, timeOf }: { batch: number; limits: Limits | undefined; timeOf: (of: Graph) => number | null },
  before: { params: number; macs: number; memoryKiB: number; ms: number | null },
) {
  try {
    const { graph: after, steps } = rewriteGraph(graph, [{ rewrite }], limits)
    const { params, macs, memoryKiB } = computeCosts(after, { batch }).totals
    const saved = { params: before.params - params, macs: before.macs - macs, memoryKiB: before.memoryKiB - memoryKiB }
    const of = (name: keyof typeof saved) => (before[name] === 0 ? 0 : saved[name] / before[name])
    const share = { params: of('params'), macs: of('macs'), memoryKiB: of('memoryKiB') }
    if (Math.max(share.params, share.macs, share.memoryKiB) <= 0) return null
    const ms = timeOf(after)
    return { layers: steps[0]!.applied.length, saved, share, savedMs: ms === null || before.ms === null ? null : before.ms - ms }
  } catch (cause) {
    if (cause instanceof EngineError && ['REWRITE_NOT_APPLICABLE', 'LIMIT_EXCEEDED', 'COST_OVERFLOW'].includes(cause.code)) return null
    throw cause
  }
}
