import type { Difference } from '../../../gpu/comparison.ts'
import { assumedDeviation, compareRuns, type RunFigure, repeatabilityOf } from '../../../gpu/timing/compare.ts'
import { differencesOf } from '../../../gpu/timing/differences.ts'
import type { Run, Store } from '../../../store/index.ts'
import { ApiError } from '../../errors.ts'
import type { RunComparison } from './comparison-schema.ts'
import { type StoredRun, storedRun } from './stored-run.ts'

/** Conditions that may differ on purpose; any other difference weakens the verdict. */
const meant = /^(runtime|runtimeVersion|backend|precision|threads|runtimeOptions\..*|settings\.threads)$/

const notComparable = (run: Pick<Run, 'id'>, why: string) => new ApiError('NOT_COMPARABLE', `run ${run.id} cannot be compared: ${why}`)

function figureOf(run: StoredRun): RunFigure {
  const { latencyMs } = run.result!
  const { p50, medianCi95 } = latencyMs
  if (p50 === null) throw notComparable(run, 'its samples are too few to state a median; run it with minSamples of 11 or more')
  return { median: p50 / run.batch, interval: medianCi95 && [medianCi95[0] / run.batch, medianCi95[1] / run.batch] }
}

/** @throws ApiError NOT_COMPARABLE where a run has no result that can be compared. */
function requireFigure(run: StoredRun): void {
  if (run.status !== 'succeeded') throw notComparable(run, `it is ${run.status}, and only runs that succeeded have a latency`)
  if (!run.result) throw notComparable(run, 'it is a comparison itself: read its own `comparison`')
  const { verdict, reasons } = run.certificate!
  if (verdict === 'invalid') throw notComparable(run, `its certificate is invalid: ${reasons[0]?.message ?? 'see its reasons'}`)
}

/**
 * Compares two separate runs, b against a. The interval includes how far repeated runs on the device vary; for two devices,
 * the larger variation of the two.
 * @throws ApiError NOT_COMPARABLE saying which run and why.
 */
export async function compareStored(store: Store, one: Run, other: Run): Promise<RunComparison> {
  const [a, b] = [storedRun(one), storedRun(other)]
  for (const run of [a, b]) requireFigure(run)
  const devices = [...new Set([a.deviceUuid, b.deviceUuid])]
  const found = await Promise.all(devices.map(async (device) => repeatabilityOf((await store.runs.repeatedMedians(device)).values())))
  const known = found.every((each) => each !== null) ? found.sort((x, y) => y!.deviation - x!.deviation)[0]! : null
  const differences = differencesOf(a.environment!, b.environment!)
  return {
    a: a.id,
    b: b.id,
    ...(({ ratio, interval, confidence, verdict }) => ({ ratio, interval: [...interval] as [number, number], confidence, verdict }))(
      compareRuns(figureOf(a), figureOf(b), known),
    ),
    differences,
    repeatability: { deviation: known?.deviation ?? assumedDeviation, degreesOfFreedom: known?.degreesOfFreedom ?? null },
    cautions: cautionsOf(a, b, differences, known !== null),
  }
}

function cautionsOf(a: StoredRun, b: StoredRun, differences: readonly Difference[], known: boolean): string[] {
  const unmeant = differences.filter(({ what }) => !meant.test(what))
  const suspect = [a, b].filter((run) => run.certificate!.verdict === 'suspect')
  const cautions: string[] = []
  if (unmeant.length > 0)
    cautions.push(
      `They ran under different conditions (${unmeant.map((each) => `${each.what}: ${each.a} and ${each.b}`).join('; ')}), which may explain the difference: time both in turns, by a run with \`against\`.`,
    )
  for (const run of suspect)
    cautions.push(`The certificate of ${run.id} is suspect: ${run.certificate!.reasons[0]?.message ?? 'see its reasons'}`)
  if (!known)
    cautions.push(
      `Too few runs were repeated on this device to know how far equal runs vary; ${100 * assumedDeviation} % is assumed, so only large differences show. Time both in turns, by a run with \`against\`, for a sharper answer.`,
    )
  return cautions
}
