import { type DeliveryClaim, isFinal, type Run, type RunEventInContext, type RunStatus, type Store } from '../../../store/index.ts'
import type { ArchitectureNames } from '../architectures/names.ts'
import { presentError, presentEventData } from '../runs/present-event.ts'
import { shownEvent, shownRun } from '../runs/stored-run.ts'
import type { WebhookMessage } from './message-schema.ts'

type WebhookRun = NonNullable<WebhookMessage['data']['run']>

/**
 * Bodies of deliveries. Made when they are sent, of what does not change any more: the event, and of its run only what the event left so.
 * Every attempt of a delivery has the same.
 */
export class WebhookMessages {
  readonly #store: Pick<Store, 'events' | 'runs'>
  readonly #names: ArchitectureNames

  constructor(store: Pick<Store, 'events' | 'runs'>, names: ArchitectureNames) {
    this.#store = store
    this.#names = names
  }

  /** By the id of the delivery; without one whose event is not there. */
  async of(claims: readonly DeliveryClaim[]): Promise<Map<string, string>> {
    const refs = claims.flatMap(({ runId, seq }) => (runId === null || seq === null ? [] : [{ runId, seq }]))
    const events = new Map<string, RunEventInContext>()
    const runs = new Map<string, Run>()
    if (refs.length > 0) {
      const ended = claims.flatMap(({ event, runId }) => (runId !== null && isFinal(event) ? [runId] : []))
      const [found, stored] = await Promise.all([this.#store.events.getMany(refs), this.#store.runs.getMany(ended)])
      for (const event of found) events.set(`${event.runId} ${event.seq}`, event)
      for (const run of stored) runs.set(run.id, run)
    }
    const nameOf = await this.#names.of([...events.values()].map(({ architectureId }) => architectureId))
    const bodies = new Map<string, string>()
    for (const { id, webhookId, event: type, runId, seq, createdAt } of claims) {
      const event = events.get(`${runId} ${seq}`)
      if (runId !== null && !event) continue
      const message = {
        type,
        timestamp: (event?.at ?? createdAt).toISOString(),
        data: { webhookId, run: event ? presentRun(event, runs.get(runId!) ?? null, nameOf(event.architectureId)) : null },
      } as WebhookMessage
      bodies.set(id, JSON.stringify(message))
    }
    return bodies
  }
}

/** What a run is by each of its events; a run may have gone on since. */
const statusAfter = (event: string): RunStatus => (isFinal(event) ? event : event === 'started' ? 'running' : 'queued')

/** @param ended the run where this was its last event, so that it is as it was then. */
function presentRun(stored: RunEventInContext, ended: Run | null, architectureName: string): WebhookRun {
  const { runId, seq, type, data, verdict, device, deviceUuid, host, runtime, batch, labels, architectureId, queuedAt } = shownEvent(stored)
  const { result = null, comparison = null, error = null, startedAt = null, finishedAt = null } = ended ? shownRun(ended) : {}
  return {
    ...{ runId, seq, event: type, data: presentEventData(data), status: statusAfter(type), verdict: ended ? verdict : null },
    ...{ device, deviceUuid, host, runtime, batch, labels, architectureId, architectureName },
    queuedAt: queuedAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
    result: result && { latencyMs: result.latencyMs, samples: result.samples, throughputPerSecond: result.throughputPerSecond },
    comparison,
    error: presentError(error),
  }
}
