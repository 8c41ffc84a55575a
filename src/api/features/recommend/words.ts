import type { Axis, Candidate, Objective, Recommendation } from '../../../engine/recommend.ts'

const named: Readonly<Record<Axis, { noun: string; limit: string; unit: string }>> = {
  macs: { noun: 'multiply-adds', limit: 'maxMacs', unit: '' },
  params: { noun: 'parameters', limit: 'maxParams', unit: '' },
  peakActivationBytes: { noun: 'bytes of live activations', limit: 'maxPeakBytes', unit: '' },
  latencyMs: { noun: 'latency', limit: 'maxLatencyMs', unit: ' ms' },
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 })
const amount = (axis: Axis, value: number): string => `${grouped.format(value)}${named[axis].unit}`
const points = (value: number): string => `${Number(value.toFixed(3))}`
const times = (value: number): string => `${Number(value.toPrecision(3))} ×`
const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`

/** Why a network was chosen, or what to loosen where none fits, in sentences. */
export function reasonOf<C extends Candidate>(found: Recommendation<C>, objective: Objective, candidates: number): string {
  return found.chosen ? whyChosen(found.chosen, found, objective) : whyNone(found, candidates)
}

function whyChosen<C extends Candidate>(chosen: C, found: Recommendation<C>, objective: Objective): string {
  const { limits, binding, runnerUp, within, front, axes } = found
  const over = axes.map((axis) => named[axis].noun).join(', ')
  const first =
    objective === 'accuracy'
      ? `${chosen.name} has the highest top-1 (${points(chosen.top1)} %) of the ${within} networks within the limits.`
      : `${chosen.name} (top-1 ${points(chosen.top1)} %) is the knee of the front of ${front.length} networks over ${over}: beyond it a point of accuracy costs more than up to it.`
  const bound = limits.find(({ axis }) => axis === binding)
  const limitWords = bound?.without
    ? `${named[bound.axis].limit} binds: ${percent(bound.share)} of it is used, and without it ${bound.without.name} would be chosen (top-1 ${points(bound.without.top1)} %, ${amount(bound.axis, bound.without.costs[bound.axis]!)} ${named[bound.axis].noun}).`
    : limits.length > 0
      ? 'No limit alone keeps out a more accurate choice.'
      : null
  const runnerUpWords = runnerUp
    ? `The runner-up, ${runnerUp.name}, has ${difference(runnerUp.top1 - chosen.top1)} at ${axes
        .map((axis) => `${times(runnerUp.costs[axis]! / chosen.costs[axis]!)} the ${named[axis].noun}`)
        .join(' and ')}.`
    : null
  return [first, limitWords, runnerUpWords].filter((each) => each !== null).join(' ')
}

const difference = (by: number): string =>
  by === 0 ? 'the same top-1' : `${points(Math.abs(by))} points ${by > 0 ? 'more' : 'less'} top-1`

function whyNone<C extends Candidate>({ loosen, nearest }: Recommendation<C>, candidates: number): string {
  const nothing = `None of ${candidates} networks keeps every limit.`
  if (loosen.length > 0) {
    const ways = loosen.map(({ axis, least, admits }) => `raise ${named[axis].limit} to ${amount(axis, least)} for ${admits.name}`)
    return `${nothing} To let one in, ${ways.join('; or ')}.`
  }
  if (!nearest) return nothing
  const needs = nearest.needs.map(({ axis, least }) => `${named[axis].limit} to ${amount(axis, least)}`)
  return `${nothing} No limit alone is to blame: the nearest is ${nearest.candidate.name}, which needs ${needs.join(' and ')}.`
}
