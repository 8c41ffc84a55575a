/** Which of several networks to take: the Pareto front of accuracy against cost within limits, and a choice with its reasons. */
import { differenceCurve } from './kneedle.ts'

/** What a network may be limited in. */
export const axes = ['macs', 'params', 'peakActivationBytes', 'latencyMs'] as const
export type Axis = (typeof axes)[number]
export type AxisLimits = Partial<Record<Axis, number>>

/**
 * `accuracy`: the highest top-1 within the limits. `efficiency`: the knee of the front, beyond which a point of accuracy
 * costs more than up to it: the largest difference of accuracy and logarithm of cost (`differenceCurve`).
 */
export const objectives = ['accuracy', 'efficiency'] as const
export type Objective = (typeof objectives)[number]

export interface Candidate {
  name: string
  /** Published top-1 accuracy, percent. */
  top1: number
  /** Null where a cost is not known: then no limit on it is kept, and it is on no front over it. */
  costs: Readonly<Record<Axis, number | null>>
}

/** A limit, how much of it the choice uses, and what would be chosen without it. */
export interface LimitUse<C> {
  axis: Axis
  limit: number
  used: number
  /** Of the limit. */
  share: number
  /** Null where the choice would be the same, or no more accurate. */
  without: C | null
}

/** The least value of a limit at which something fits, the others kept. */
export interface Loosened<C> {
  axis: Axis
  limit: number
  least: number
  /** What then fits. */
  admits: C
}

/** What would fit if several limits were loosened at once. */
export interface Nearest<C> {
  candidate: C
  /** The limits that it exceeds, with the value that each needs. */
  needs: { axis: Axis; limit: number; least: number }[]
}

export interface Recommendation<C> {
  /** What the front is over, beside accuracy: every axis that has a limit, or that was asked for. */
  axes: Axis[]
  /** The most accurate first. Within the limits, nothing is as accurate and costs less. */
  front: C[]
  /** How many candidates keep every limit. */
  within: number
  chosen: C | null
  /** What the objective takes from the front without the choice. */
  runnerUp: C | null
  limits: LimitUse<C>[]
  /** The limit that keeps the most accuracy out; null where none alone does. */
  binding: Axis | null
  /** Where nothing fits: limits of which each, loosened alone, lets something in. */
  loosen: Loosened<C>[]
  /** Where nothing fits: what exceeds its limits least. */
  nearest: Nearest<C> | null
}

/**
 * Chooses among candidates.
 * @param over axes of the front beside those that have a limit; multiply-adds where there is neither.
 */
export function recommend<C extends Candidate>(
  candidates: readonly C[],
  limits: AxisLimits,
  objective: Objective,
  over: readonly Axis[] = [],
): Recommendation<C> {
  const limited = axes.filter((axis) => limits[axis] !== undefined)
  const named = axes.filter((axis) => limited.includes(axis) || over.includes(axis))
  const counted: Axis[] = named.length > 0 ? named : ['macs']
  const choose = (kept: AxisLimits) => {
    const within = candidates.filter((each) => keeps(each, kept) && counted.every((axis) => each.costs[axis] !== null))
    const front = frontOf(within, counted)
    return { within, front, ranked: rank(front, counted, objective) }
  }
  const { within, front, ranked } = choose(limits)
  const [chosen = null, runnerUp = null] = ranked
  const uses = limited.map((axis): LimitUse<C> => {
    const limit = limits[axis]!
    const used = chosen?.costs[axis] ?? 0
    const other = choose({ ...limits, [axis]: undefined }).ranked[0]
    return { axis, limit, used, share: used / limit, without: chosen && other && other.top1 > chosen.top1 ? other : null }
  })
  const best = uses.reduce((most: LimitUse<C> | null, use) => ((use.without?.top1 ?? 0) > (most?.without?.top1 ?? 0) ? use : most), null)
  return {
    axes: counted,
    front,
    within: within.length,
    chosen,
    runnerUp,
    limits: chosen ? uses : [],
    binding: best?.axis ?? null,
    loosen: chosen ? [] : limited.flatMap((axis) => loosened(candidates, limits, axis)),
    nearest: chosen ? null : nearestOf(candidates, limits, limited),
  }
}

const keeps = ({ costs }: Candidate, limits: AxisLimits): boolean =>
  axes.every((axis) => {
    const limit = limits[axis]
    const cost = costs[axis]
    return limit === undefined || (cost !== null && cost <= limit)
  })

/** Those that no other is at least as good as in everything, and better in something. The most accurate first, then the cheapest. */
export function frontOf<C extends Candidate>(candidates: readonly C[], over: readonly Axis[]): C[] {
  const cost = (candidate: C, axis: Axis) => candidate.costs[axis] ?? Number.POSITIVE_INFINITY
  const dominates = (a: C, b: C) =>
    a.top1 >= b.top1 &&
    over.every((axis) => cost(a, axis) <= cost(b, axis)) &&
    (a.top1 > b.top1 || over.some((axis) => cost(a, axis) < cost(b, axis)))
  return candidates
    .filter((each) => !candidates.some((other) => dominates(other, each)))
    .sort((a, b) => b.top1 - a.top1 || cost(a, over[0]!) - cost(b, over[0]!))
}

/** A front with what the objective prefers first. */
function rank<C extends Candidate>(front: readonly C[], over: readonly Axis[], objective: Objective): C[] {
  if (objective === 'accuracy') return [...front]
  // Of several costs the product counts: twice as many of one is as much as twice as many of another.
  const logCosts = front.map(({ costs }) => over.reduce((sum, axis) => sum + Math.log(Math.max(costs[axis]!, 1e-9)), 0))
  const above = differenceCurve(
    logCosts,
    front.map(({ top1 }) => top1),
  )
  const order = [...front.keys()].sort((a, b) => above[b]! - above[a]! || logCosts[a]! - logCosts[b]!)
  return order.map((at) => front[at]!)
}

function loosened<C extends Candidate>(candidates: readonly C[], limits: AxisLimits, axis: Axis): Loosened<C>[] {
  const others = candidates.filter((each) => each.costs[axis] !== null && keeps(each, { ...limits, [axis]: undefined }))
  if (others.length === 0) return []
  const admits = others.reduce((least, each) => (each.costs[axis]! < least.costs[axis]! ? each : least))
  return [{ axis, limit: limits[axis]!, least: admits.costs[axis]!, admits }]
}

function nearestOf<C extends Candidate>(candidates: readonly C[], limits: AxisLimits, limited: readonly Axis[]): Nearest<C> | null {
  const known = candidates.filter((each) => limited.every((axis) => each.costs[axis] !== null))
  if (known.length === 0) return null
  const excess = (each: C) => Math.max(...limited.map((axis) => each.costs[axis]! / limits[axis]!))
  const candidate = known.reduce((least, each) => (excess(each) < excess(least) ? each : least))
  const needs = limited
    .filter((axis) => candidate.costs[axis]! > limits[axis]!)
    .map((axis) => ({ axis, limit: limits[axis]!, least: candidate.costs[axis]! }))
  return { candidate, needs }
}
