import { csv } from '../../../engine/formats/csv.ts'
import type { RunProfile } from '../../../gpu/contract.ts'
import type { Run, Store } from '../../../store/index.ts'
import { ApiError } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { StoredArchitecture } from '../architectures/service.ts'
import type { RooflineTask } from './join-profile.ts'
import type { LayerProfileAnswer } from './profile-schema.ts'
import { type StoredRun, storedRun } from './stored-run.ts'

/** A run that has a profile, and its architecture. */
export interface Profiled {
  run: StoredRun
  profile: RunProfile
  architecture: StoredArchitecture
  /** Whether its graph is that of the run's own sizes already. */
  atSizes?: boolean
}

/** @throws ApiError NO_PROFILE saying why, and what to ask for. */
export async function requireProfile(store: Store, stored: Run): Promise<Profiled> {
  const run = storedRun(stored)
  const profile = run.result?.profile
  if (!profile) throw new ApiError('NO_PROFILE', `run ${run.id} has no per-layer profile: ${whyNone(run)}`)
  // Runs of earlier versions have only the times.
  if (!profile.ceilings)
    throw new ApiError(
      'NO_PROFILE',
      `run ${run.id} was profiled before ceilings were measured: queue it again with \`"profile": true, "fresh": true\``,
    )
  // Includes deleted architectures: their runs keep their results.
  const [architecture] = await store.architectures.getPacked([run.architectureId])
  return { run, profile, architecture: architecture! }
}

function whyNone({ status, profile, against, result }: StoredRun): string {
  const refused = result?.profileRefused
  if (refused) return `it was refused (${refused.code}): ${refused.message}`
  if (against) return 'a comparison has none; queue a run of one side with `"profile": true`'
  if (!profile) return 'it was not asked for; queue the run again with `"profile": true`'
  if (status === 'queued' || status === 'running') return `it is ${status}, and the profile comes when it has succeeded`
  return `it is ${status}, and only runs that succeeded have one; queue it again with \`"profile": true\``
}

/** The profile joined to the costs of the layers. @throws EngineError as `computeCosts` does, LIMIT_EXCEEDED; ApiError OVERLOADED. */
export async function layerProfile(pool: EnginePool, { run, profile, architecture, atSizes }: Profiled): Promise<LayerProfileAnswer> {
  const task: RooflineTask = {
    graph: architecture.packedGraph,
    profile,
    options: {
      batch: run.batch,
      ...(run.resolution && !atSizes ? { resolution: run.resolution } : {}),
    },
    run: { runtime: run.runtime, precision: run.precision, ownFile: run.weights === 'file' },
  }
  const roofline = await pool.roofline(architecture.layerCount, task)
  const p50Ms = run.result!.latencyMs.p50
  return {
    runId: run.id,
    architectureId: run.architectureId,
    runtime: run.runtime,
    device: run.device,
    batch: run.batch,
    precision: run.precision,
    resolution: run.resolution ? run.resolution.join('x') : null,
    runs: profile.runs,
    method: profile.method,
    launchBlocking: profile.launchBlocking,
    kernelOverhead: profile.kernelOverhead,
    timed: p50Ms ? { p50Ms, kernelsOverP50: roofline.totals.kernelMs / p50Ms } : null,
    ...roofline,
  }
}

const columns = [
  'layerIds',
  'types',
  'ms',
  'share',
  'macs',
  'flops',
  'bytesRead',
  'bytesWritten',
  'gflopsPerSecond',
  'gigabytesPerSecond',
  'arithmeticIntensity',
  'attainableGflopsPerSecond',
  'rooflineMs',
  'rooflineShare',
  'above',
  'bound',
  'far',
  'lostMs',
] as const

/** One line per row, and one without layers for time that belongs to none: the column `ms` sums to the time of all kernels. */
export function profileCsv({ rows, unattributed, convention, batch, precision, dtype }: LayerProfileAnswer): string {
  const cell = (value: unknown): string | number =>
    typeof value === 'number' ? value : Array.isArray(value) ? value.join(' ') : value === null || value === undefined ? '' : String(value)
  const line = (row: Partial<Record<(typeof columns)[number], unknown>>) => [
    ...columns.map((column) => cell(row[column])),
    convention,
    batch,
    precision,
    dtype,
  ]
  return csv({ columns: [...columns, 'convention', 'batch', 'precision', 'dtype'], rows: [...rows, unattributed].map(line) })
}
