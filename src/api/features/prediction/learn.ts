import { EngineError } from '../../../engine/errors.ts'
import type { Graph } from '../../../engine/graph.ts'
import { chooseWay, type Errors, errorsOf, intervalFactor } from '../../../engine/prediction/evaluate.ts'
import { featuresOf, macsOf } from '../../../engine/prediction/features.ts'
import { fitLatency } from '../../../engine/prediction/fit.ts'
import type { LatencyModel, MeasuredCall, Way } from '../../../engine/prediction/model.ts'
import type { Precision } from '../../../gpu/contract.ts'
import { type Packed, unpack } from '../../../store/packed.ts'

/** Run in the processes of `pool/`: learning from some dozen networks takes up to a second. */

/** Runs of one device, and the networks that they are of. */
export interface LearnTask {
  precision: Precision
  networks: {
    /** Of its content: calls of one network go together. */
    digest: string
    graph: Packed
    calls: { batch: number; resolution: [number, number] | null; callMs: number; profile: MeasuredCall['profile'] }[]
  }[]
}

/** What was learnt of a device. */
export interface Learnt {
  model: LatencyModel
  way: Way
  /** Of leave-one-architecture-out; `worstArchitecture` is a digest. */
  errors: Errors
  /** Half-width of the interval, as a factor. */
  factor: number
  calls: number
  profiled: number
  /** 10^6 multiply-adds of the smallest and the largest call. */
  macs: { least: number; most: number }
}

/** Learns from runs. Null where no two networks can be counted, so that no error can be stated. */
export function learn({ precision, networks }: LearnTask): Learnt | null {
  const calls = networks.flatMap(({ digest, graph, calls: own }) => {
    const read = unpack(graph) as Graph
    return own.flatMap(({ batch, resolution, callMs, profile }): MeasuredCall[] => {
      try {
        const layers = featuresOf(read, { batch, dtype: precision, ...(resolution ? { resolution } : {}) })
        return [{ architecture: digest, callMs, layers, profile }]
      } catch (cause) {
        // A file whose shapes inside follow from its sizes is counted as it was registered; the run was of another size.
        if (cause instanceof EngineError) return []
        throw cause
      }
    })
  })
  if (new Set(calls.map(({ architecture }) => architecture)).size < 2) return null
  const { way, left } = chooseWay(calls)
  const macs = calls.map(({ layers }) => macsOf(layers))
  return {
    model: fitLatency(calls, way),
    way,
    errors: errorsOf(left),
    factor: intervalFactor(left),
    calls: calls.length,
    profiled: calls.filter(({ profile }) => profile).length,
    macs: { least: Math.min(...macs), most: Math.max(...macs) },
  }
}
