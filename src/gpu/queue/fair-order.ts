/** The order in which waiting runs of several keys will be taken, if nothing else comes and each takes as long as expected. */
import { byShare, type Share, type WaitingRun } from '../../store/index.ts'

/**
 * Yields runs as `nextRun` of the store will take them.
 * @param runs of one device, those of each key in the order in which they are taken. @param shares by key.
 * @param expectedMs how long a run takes. @param running the key whose run is in progress, and how long that takes from its start to its end.
 */
export function* fairOrder<R extends Pick<WaitingRun, 'id' | 'key' | 'priority' | 'queuedAt'>>(
  runs: readonly R[],
  shares: ReadonlyMap<string, Share>,
  expectedMs: (run: R) => number,
  running: { key: string; ms: number } | null,
): Generator<R, void, void> {
  const flows = [...Map.groupBy(runs, ({ key }) => key)].map(([key, list]) => {
    const { start, weight } = shares.get(key) ?? { start: 0, weight: 1 }
    return { list, next: 0, weight, start: start + (running?.key === key ? running.ms / weight : 0) }
  })
  // One key alone, as where nobody needs any, is in order already.
  if (flows.length <= 1) {
    yield* runs
    return
  }
  for (let left = runs.length; left > 0; left--) {
    let first: (typeof flows)[number] | null = null
    for (const flow of flows) {
      if (flow.next === flow.list.length) continue
      if (!first || byShare({ ...flow.list[flow.next]!, start: flow.start }, { ...first.list[first.next]!, start: first.start }) < 0)
        first = flow
    }
    const run = first!.list[first!.next++]!
    first!.start += expectedMs(run) / first!.weight
    yield run
  }
}
