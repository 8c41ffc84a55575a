/**
 * How well latency is predicted for a network that was not measured, on kept measurements: each network is left out in turn,
 * and a model of the others predicts it. `npm run bench -- prediction` prints the figures; `npm run bench:prediction` a table
 * by network as well (`-- --write` into docs/prediction.md; `-- --measure file` measures this CPU into a file first, about five minutes).
 */
import { join } from 'node:path'
import { byBestWay, byMacs, byMacsAndBytes, errorsOf, type LeftOut, leaveOneOut } from '../../src/engine/prediction/evaluate.ts'
import { featuresOf } from '../../src/engine/prediction/features.ts'
import type { MeasuredCall } from '../../src/engine/prediction/model.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import type { Benchmark, Figure } from '../figure.ts'
import { type Measurements, readMeasured, readRuns } from './data.ts'

const results = join(import.meta.dirname, '..', 'results')
export const cpuFile = join(results, 'prediction-cpu-2026-11-28.jsonl')
const gpuFile = join(results, 'h200-2026-11-27-layers.jsonl')

export interface Evaluation {
  measurements: Measurements
  calls: MeasuredCall[]
  /** The network left out alone, by predictor. */
  left: Record<'ours' | 'withoutProfiles' | 'macs' | 'macsAndBytes', LeftOut[]>
  /** Ours, with all networks of its family left out too. */
  family: LeftOut[]
}

export function evaluate(measurements: Measurements): Evaluation {
  const families = new Map<string, string>()
  const calls = measurements.networks.map(({ preset, callMs, perLayer, unattributedMs }): MeasuredCall => {
    const { family, spec } = expandZoo({ preset })
    families.set(preset, family)
    return { architecture: preset, callMs, layers: featuresOf(verifyGraph(spec), {}), profile: { perLayer, unattributedMs } }
  })
  const withoutProfiles = calls.map((call) => ({ ...call, profile: null }))
  return {
    measurements,
    calls,
    left: {
      ours: leaveOneOut(calls, byBestWay),
      withoutProfiles: leaveOneOut(withoutProfiles, byBestWay),
      macs: leaveOneOut(calls, byMacs),
      macsAndBytes: leaveOneOut(calls, byMacsAndBytes),
    },
    family: leaveOneOut(calls, byBestWay, ({ architecture }) => families.get(architecture)!),
  }
}

export const evaluations = (): Evaluation[] => [evaluate(readMeasured(cpuFile)), evaluate(readRuns(gpuFile))]

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

function figureOf({ measurements, left, family }: Evaluation, aim: number | null): Figure {
  const ours = errorsOf(left.ours)
  const macs = errorsOf(left.macs)
  return {
    name: `median error of the latency of an unseen network on ${measurements.device}`,
    value: 100 * ours.median,
    unit: '%',
    yardstick: { name: 'multiply-adds at the median rate', value: 100 * macs.median, unit: '%' },
    aim: aim === null ? 'below that of multiply-adds' : `below ${aim} %`,
    met: aim === null ? ours.median < macs.median : 100 * ours.median < aim,
    note: `${ours.architectures} networks, worst ${percent(ours.worst)} (${ours.worstArchitecture}); linear in multiply-adds and bytes ${percent(errorsOf(left.macsAndBytes).median)}; without profiles ${percent(errorsOf(left.withoutProfiles).median)}; with the family left out ${percent(errorsOf(family).median)}`,
  }
}

export const benchmark: Benchmark = {
  name: 'prediction',
  run: async () => {
    const [cpu, gpu] = evaluations()
    return [figureOf(cpu!, 15), figureOf(gpu!, null)]
  },
}
