import type { BackendName, Certificate, Precision, RunEnvironment, RunResult, RuntimeName } from '../../../gpu/contract.ts'
import { resolveSettings, type TimingSettings } from '../../../gpu/timing/settings.ts'
import type { Run, RunEventInContext, RunPoint } from '../../../store/index.ts'
import type { RunAnswer } from './schema.ts'
import type { Side } from './sides.ts'

/** Settings in full: one that came after a run was stored had its default there, since nothing else could be asked. */
const inFull = (settings: unknown): TimingSettings => resolveSettings(settings as Partial<TimingSettings>)

/** A run that was measured, as the service stored it. */
export interface StoredRun extends Omit<Run, 'runtime' | 'backend' | 'precision' | 'settings' | 'result' | 'certificate' | 'environment'> {
  runtime: RuntimeName
  backend: BackendName
  precision: Precision
  settings: TimingSettings
  result: RunResult | null
  certificate: Certificate | null
  environment: RunEnvironment | null
}

/**
 * A run of one side, with the types of what this service writes into its row: the store keeps names and documents as they are
 * given, so what they are is said here.
 */
export const storedRun = (run: Run): StoredRun => ({ ...run, settings: inFull(run.settings) }) as StoredRun

/** Side b of a comparison as it is stored, without its architecture. */
export type StoredSide = Omit<Side, 'architectureId'> & { runtime: RuntimeName; backend: BackendName }

type Documents = 'runtime' | 'backend' | 'precision' | 'result' | 'comparison' | 'certificate' | 'environment'

/** Any run, a comparison too: its documents are stored as they are shown. */
export type ShownRun = Omit<Run, Documents | 'settings' | 'against'> &
  Pick<RunAnswer, Documents> & { settings: TimingSettings; against: StoredSide | null }

export const shownRun = (run: Run): ShownRun => {
  const against = run.against as StoredSide | null
  return {
    ...run,
    settings: inFull(run.settings),
    against: against && { ...against, settings: inFull(against.settings) },
  } as ShownRun
}

type Verdict = Certificate['verdict'] | null

/** A run as a point of a curve. */
export type ShownPoint = Omit<RunPoint, 'runtime' | 'backend' | 'precision' | 'settings' | 'verdict'> &
  Pick<RunAnswer, 'runtime' | 'backend' | 'precision'> & { settings: TimingSettings; verdict: Verdict }

export const shownPoint = (point: RunPoint): ShownPoint => ({ ...point, settings: inFull(point.settings) }) as ShownPoint

/** An event with what it needs of its run. */
export type ShownEvent = Omit<RunEventInContext, 'runtime' | 'verdict'> & Pick<RunAnswer, 'runtime'> & { verdict: Verdict }

export const shownEvent = (event: RunEventInContext): ShownEvent => event as ShownEvent
