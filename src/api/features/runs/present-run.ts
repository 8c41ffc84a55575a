/** Runs and their events, from the store's rows to what clients get. */
import type { Place } from '../../../gpu/queue/index.ts'
import type { KeySummary, Run, RunEvent, RunSizes } from '../../../store/index.ts'
import { hideFolders } from '../../hide-folders.ts'
import type { RunEventAnswer } from './event-schema.ts'
import { presentError, presentEventData } from './present-event.ts'
import type { RunAnswer } from './schema.ts'
import { type StoredSide, shownRun } from './stored-run.ts'

/** What runs refer to, by id. */
export interface RunNames {
  /** The name of an architecture. */
  nameOf: (id: string) => string
  keyOf: (id: string) => KeySummary
}

/**
 * A run as everybody may see it: without the name of the key that queued it (`RunService.named`).
 * @param place in its queue; null where it does not wait.
 */
export function presentRun(stored: Run, place: Place | null, { nameOf, keyOf }: RunNames): RunAnswer {
  const run = shownRun(stored)
  const self = `/v1/runs/${run.id}`
  const time = (date: Date | null): string | null => date?.toISOString() ?? null
  return {
    id: run.id,
    architectureId: run.architectureId,
    architectureName: nameOf(run.architectureId),
    device: run.device,
    deviceUuid: run.deviceUuid,
    host: run.host,
    runtime: run.runtime,
    backend: run.backend,
    batch: run.batch,
    precision: run.precision,
    resolution: run.resolution ? run.resolution.join('x') : null,
    sizes: presentSizes(run.sizes),
    weights: run.weights,
    profile: run.profile,
    timeoutMs: run.timeoutMs,
    priority: run.priority,
    labels: run.labels,
    settings: run.settings,
    against: run.against && presentSide(run.againstArchitectureId!, nameOf(run.againstArchitectureId!), run.against),
    rounds: run.rounds,
    key: run.keyId === null ? null : { id: run.keyId, prefix: keyOf(run.keyId).prefix, name: null },
    status: run.status,
    queue: place,
    attempt: run.attempt,
    queuedAt: run.queuedAt.toISOString(),
    startedAt: time(run.startedAt),
    finishedAt: time(run.finishedAt),
    cancelRequestedAt: time(run.cancelRequestedAt),
    result: run.result,
    comparison: run.comparison,
    certificate: run.certificate,
    environment: presentEnvironment(run.environment),
    error: presentError(run.error),
    links: {
      self,
      architecture: `/v1/architectures/${run.architectureId}`,
      samples: `${self}/samples`,
      profile: `${self}/profile`,
      events: `${self}/events`,
    },
  }
}

/** An environment, or the two of a comparison, as it is shown. */
function presentEnvironment(environment: RunAnswer['environment']): RunAnswer['environment'] {
  if (!environment) return null
  const shown = Object.entries(environment).map(([name, value]) => {
    if (name === 'a' || name === 'b') return [name, presentEnvironment(value as RunAnswer['environment'])]
    if (name !== 'unusableBackends') return [name, value]
    return [name, (value as { backend: string; reason: string }[]).map((each) => ({ ...each, reason: hideFolders(each.reason) }))]
  })
  return Object.fromEntries(shown)
}

/** The store gives all who follow a run the same object for an event. */
const presented = new WeakMap<RunEvent, RunEventAnswer>()

/** Events as they are shown. */
export async function* presentEvents(events: AsyncIterable<RunEvent>): AsyncGenerator<RunEventAnswer, void, void> {
  for await (const event of events) {
    let answer = presented.get(event)
    if (!answer) {
      const { runId, seq, type, data, at } = event
      presented.set(event, (answer = { seq, type, runId, data: presentEventData(data), at: at.toISOString() }))
    }
    yield answer
  }
}

/** Sizes of a run, or of a side, as they are shown. */
export const presentSizes = (sizes: RunSizes | null): RunAnswer['sizes'] =>
  sizes && {
    ...(sizes.dims ? { dims: { ...sizes.dims } } : {}),
    ...(sizes.inputShape ? { inputShape: [...sizes.inputShape] } : {}),
  }

const presentSide = (architectureId: string, architectureName: string, side: StoredSide): RunAnswer['against'] => ({
  ...side,
  architectureId,
  architectureName,
  resolution: side.resolution ? side.resolution.join('x') : null,
  sizes: presentSizes(side.sizes ?? null),
  // Default for runs stored before this setting existed.
  weights: side.weights ?? 'seeded',
})
