import { blockSettings, defaultSettings, resolveSettings, settingsViolations, type TimingSettings } from '../../../gpu/timing/settings.ts'
import type { RunSizes } from '../../../store/index.ts'
import type { Violation } from '../../errors.ts'
import { readAsked, readResolution } from '../costs/service.ts'
import type { NewRun } from './request-schema.ts'

/** A side in full: the run's own, or side b of a comparison. */
export interface Side {
  architectureId: string
  /** As asked for; left out where the device decides. */
  runtime?: NewRun['runtime']
  /** As asked for; left out where the device decides. */
  backend?: NewRun['backend']
  batch: number
  precision: 'float32' | 'float16'
  resolution: [number, number] | null
  /** Of dims that the file leaves open, in place of those at registration; null for these. */
  sizes: RunSizes | null
  /** As asked for; left out where the architecture decides. */
  weights?: NewRun['weights']
  settings: TimingSettings
}

function readSizes(side: Pick<NewRun, 'dims' | 'inputShape'>): RunSizes | null {
  const sizes = readAsked(side)
  return Object.keys(sizes).length > 0 ? sizes : null
}

/** The sides of a request with every default written out; side b takes what it leaves out from side a. */
export function sidesOf(request: NewRun): { a: Side; b: Side | null } {
  const { architectureId, runtime, backend, batch = 1, precision = 'float32', against } = request
  const a: Side = {
    architectureId: architectureId.toLowerCase(),
    ...(runtime ? { runtime } : {}),
    ...(backend ? { backend } : {}),
    batch,
    precision,
    resolution: request.resolution === undefined ? null : readResolution(String(request.resolution)),
    sizes: readSizes(request),
    ...(request.weights ? { weights: request.weights } : {}),
    settings: resolveSettings(request.settings, against ? blockSettings : defaultSettings),
  }
  if (!against) return { a, b: null }
  const other = against.backend ?? (against.runtime === undefined || against.runtime === runtime ? backend : undefined)
  const weights = against.weights ?? request.weights
  const b: Side = {
    architectureId: against.architectureId?.toLowerCase() ?? a.architectureId,
    ...((against.runtime ?? runtime) ? { runtime: against.runtime ?? runtime } : {}),
    ...(other ? { backend: other } : {}),
    batch: against.batch ?? a.batch,
    precision: against.precision ?? a.precision,
    resolution: against.resolution === undefined ? (against.inputShape ? null : a.resolution) : readResolution(String(against.resolution)),
    sizes: readSizes(against) ?? (against.resolution === undefined ? a.sizes : null),
    ...(weights ? { weights } : {}),
    settings: { ...a.settings, ...against.settings },
  }
  return { a, b }
}

/** Rules for a request that the schema cannot express. Paths are JSON pointers into it. */
export function sideViolations({ against, rounds, profile }: NewRun, { a, b }: ReturnType<typeof sidesOf>): Violation[] {
  const of = (path: string, { settings }: Side) =>
    settingsViolations(settings).map((each) => ({ ...each, path: `${path}/settings${each.path}` }))
  const violations = [...of('', a), ...(b && against?.settings ? of('/against', b) : [])]
  for (const [path, side] of [
    ['', a],
    ['/against', b],
  ] as const)
    if (side?.resolution && side.sizes?.inputShape)
      violations.push({ path: `${path}/inputShape`, message: 'inputShape has height and width: leave resolution out' })
  if (!against && rounds !== undefined)
    violations.push({
      path: '/rounds',
      message: 'rounds applies only to a comparison: give its other side in against, or leave rounds out',
    })
  if (against && profile)
    violations.push({
      path: '/profile',
      message: 'a comparison has no per-layer profile: leave profile out, or profile each side in a run of its own',
    })
  return violations
}
