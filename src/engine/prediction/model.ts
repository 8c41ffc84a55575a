import { type LayerFeatures, type LayerKind, layerKinds, perKind, rowOf } from './features.ts'

/**
 * Latency as a sum over layers, each so much a multiply-add, a byte and a call, at rates of its kind, which are learnt from
 * what a device did. Rates are never negative: non-negative least squares (Lawson and Hanson, "Solving Least Squares
 * Problems", 1974; Van Benthem and Keenan, J. Chemometrics 18, 2004). A sum needs no rule of which layers a runtime fuses:
 * what is fused into its neighbor learns a rate of 0.
 */

/** One measured call of a network. Times in ms. */
export interface MeasuredCall {
  /** Calls of one network go together: all are left out when its error is found. */
  architecture: string
  callMs: number
  layers: readonly LayerFeatures[]
  /** Times by layers or by groups of fused ones, and of kernels that belong to no layer; null where there is no profile. */
  profile: { perLayer: readonly { layerIds: readonly string[]; ms: number }[]; unattributedMs: number } | null
}

export interface LatencyModel {
  /** ms for each feature of `rowOf`. */
  rates: number[]
  /** Rates over all kinds together, for kinds that no measured network has: ms a 10^6 multiply-adds, a 10^6 bytes, a layer. */
  pooled: number[]
  /** Kinds that measured networks have. */
  kinds: LayerKind[]
  /** Predictions are multiplied by it, so that half of the measured calls took less and half took more. */
  scale: number
}

/**
 * What rates are learnt from. `profiles`: times by layer where there are any, and whole calls. `calls`: whole calls, a rate
 * for each kind of layer. `totals`: whole calls, one rate for all kinds. More rates need more measurements; which way does
 * best is found by leaving networks out (`evaluate.ts`).
 */
export const ways = ['profiles', 'calls', 'totals'] as const
export type Way = (typeof ways)[number]

/** Share of networks whose latency the interval around a prediction holds, where they are like the measured ones. */
export const coverage = 0.8

/** Predicted time of a call, ms. */
export const predictLatency = (model: LatencyModel, layers: readonly LayerFeatures[]): number =>
  latencyByKind(model, layers).reduce((sum, { ms }) => sum + ms, 0)

/** The same by kind of layer, only those that the network has. */
export function latencyByKind(model: LatencyModel, layers: readonly LayerFeatures[]): { kind: LayerKind; layers: number; ms: number }[] {
  const row = rowOf(layers)
  return layerKinds.flatMap((kind, k) => {
    const own = row.slice(perKind * k, perKind * (k + 1))
    if (own[2] === 0) return []
    const rates = model.kinds.includes(kind) ? model.rates.slice(perKind * k, perKind * (k + 1)) : model.pooled
    return [{ kind, layers: own[2]!, ms: model.scale * own.reduce((sum, value, i) => sum + value * rates[i]!, 0) }]
  })
}
