import { median } from '../median.ts'
import { macsOf } from './features.ts'
import { fitLatency, solve } from './fit.ts'
import { coverage, type MeasuredCall, predictLatency, type Way, ways } from './model.ts'

/** How a prediction without the network's own measurements compares with them. */
export interface LeftOut {
  architecture: string
  /** Measured over predicted, the median over the architecture's calls. */
  ratio: number
  /** |predicted / measured − 1|, the median over its calls. */
  error: number
}

/** Trains on all networks but one and predicts that one, for each in turn. */
export function leaveOneOut(
  calls: readonly MeasuredCall[],
  predictor: (training: readonly MeasuredCall[]) => (call: MeasuredCall) => number,
  groupOf: (call: MeasuredCall) => string = ({ architecture }) => architecture,
): LeftOut[] {
  const groups = Map.groupBy(calls, groupOf)
  return [...groups].flatMap(([group, own]) => {
    const predict = predictor(calls.filter((call) => groupOf(call) !== group))
    return [...Map.groupBy(own, ({ architecture }) => architecture)].map(([architecture, each]) => ({
      architecture,
      ratio: median(each.map((call) => call.callMs / predict(call))),
      error: median(each.map((call) => Math.abs(predict(call) / call.callMs - 1))),
    }))
  })
}

/**
 * The way of learning that does best on networks left out: the least sum of |log(measured / predicted)|, on which one network that
 * is far off has less influence than on a sum of squares.
 * @param calls of two networks at least.
 */
export function chooseWay(calls: readonly MeasuredCall[]): { way: Way; left: LeftOut[] } {
  const tried = ways
    .filter((way) => way !== 'profiles' || calls.some(({ profile }) => profile))
    .map((way) => {
      const left = leaveOneOut(calls, predictorBy(way))
      return { way, left, off: left.reduce((sum, { ratio }) => sum + Math.abs(Math.log(Math.max(ratio, 1e-9))), 0) }
    })
  const { way, left } = tried.reduce((best, each) => (each.off < best.off ? each : best))
  return { way, left }
}

/** Learns one way. */
export const predictorBy = (way: Way) => (training: readonly MeasuredCall[]) => {
  const model = fitLatency(training, way)
  return ({ layers }: MeasuredCall): number => predictLatency(model, layers)
}
/** Learns the way that does best on the networks that are given: so what is left out has no part in the choice either. */
export const byBestWay = (training: readonly MeasuredCall[]) => predictorBy(chooseWay(training).way)(training)

export interface Errors {
  architectures: number
  median: number
  worst: number
  worstArchitecture: string
}

/** @param left at least one. */
export function errorsOf(left: readonly LeftOut[]): Errors {
  const worst = left.reduce((most, each) => (each.error > most.error ? each : most))
  return {
    architectures: left.length,
    median: median(left.map(({ error }) => error)),
    worst: worst.error,
    worstArchitecture: worst.architecture,
  }
}

/**
 * The interval around a prediction: the ⌈(n + 1) · coverage⌉-th smallest of the errors of leave-one-out, as a factor either
 * way (the jackknife of Barber, Candès, Ramdas and Tibshirani, "Predictive inference with the jackknife+", Annals of
 * Statistics 49, 2021, on the logarithm; it guarantees no coverage). Up to 8 networks it is the largest.
 */
export function intervalFactor(left: readonly LeftOut[]): number {
  const factors = left.map(({ ratio }) => Math.exp(Math.abs(Math.log(Math.max(ratio, 1e-9))))).sort((a, b) => a - b)
  return factors[Math.min(factors.length, Math.ceil((factors.length + 1) * coverage)) - 1]!
}

/** What a model is held to, whose errors stand beside it: multiply-adds at the median rate of the others. */
export const byMacs = (training: readonly MeasuredCall[]) => {
  const rate = median(training.map((call) => call.callMs / Math.max(macsOf(call.layers), 1e-9)))
  return (call: MeasuredCall): number => rate * macsOf(call.layers)
}

/** The other: a linear model on multiply-adds and bytes with a constant, no rate below 0, fitted to relative errors. */
export const byMacsAndBytes = (training: readonly MeasuredCall[]) => {
  const totals = ({ layers }: MeasuredCall) => [macsOf(layers), layers.reduce((sum, { bytes }) => sum + bytes, 0), 1]
  const rates = solve(training.map((call) => ({ features: totals(call), ms: call.callMs, weight: 1 / call.callMs })))
  return (call: MeasuredCall): number => totals(call).reduce((sum, value, i) => sum + value * rates[i]!, 0)
}
