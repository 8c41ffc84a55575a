import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { HostileCase, HostileGroup, Outcome, Watched } from './contract.ts'
import { type StartedService, startService } from './service.ts'
import type { ToWatcher } from './watcher.ts'

/** What one case came to. */
export interface CaseResult {
  group: string
  name: string
  status: number | string
  note: string
  watched: Watched
  /** Why it failed, in words; empty where it held. */
  failures: string[]
}

const MiB = 2 ** 20
/** Longest time that one case may take; what stalls for longer has failed. */
const caseMs = 180_000
const watcherProgram = join(import.meta.dirname, 'watcher.ts')

/** Runs a group's cases one after another on a service of its own; a new one after a case that ended it. */
export async function runGroup(group: HostileGroup, told: (result: CaseResult) => void = () => undefined): Promise<CaseResult[]> {
  const watcher = fork(watcherProgram, { stdio: 'inherit' })
  const results: CaseResult[] = []
  let service: StartedService | undefined
  try {
    for (const each of group.cases) {
      if (!service?.alive()) {
        await service?.stop()
        service = await startService(group)
      }
      watcher.send({ watch: { url: service.url, pid: service.pid } } satisfies ToWatcher)
      const failures: string[] = []
      const outcome = await attempt(each, service).catch((cause: Error): Outcome => {
        failures.push(cause.message)
        return { status: 'failed' }
      })
      const said = once(watcher, 'message')
      watcher.send({ stop: true } satisfies ToWatcher)
      const watched = (await said)[0] as Watched
      if (!service.alive()) failures.push(`the service ended (${service.process.signalCode ?? service.process.exitCode})`)
      failures.push(...excesses(each, watched))
      const result = { group: group.name, name: each.name, status: outcome.status, note: outcome.note ?? '', watched, failures }
      results.push(result)
      told(result)
    }
  } finally {
    watcher.disconnect()
    await service?.stop()
  }
  return results
}

async function attempt(each: HostileCase, service: StartedService): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end in ${caseMs / 1000} s`)), caseMs)
  })
  try {
    return await Promise.race([each.run(service), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Which bounds of a case were passed, in words. */
function excesses({ mostSilenceMs = 1000, mostMiB = 1024, mostChildMiB = 1024 }: HostileCase, seen: Watched): string[] {
  const found: string[] = []
  if (seen.silenceMs > mostSilenceMs)
    found.push(`/healthz was silent for ${Math.round(seen.silenceMs)} ms, at most ${mostSilenceMs} is allowed`)
  if (seen.serviceBytes > mostMiB * MiB) found.push(`the service took ${mib(seen.serviceBytes)} MiB, at most ${mostMiB} is allowed`)
  if (seen.childBytes > mostChildMiB * MiB)
    found.push(`a child process took ${mib(seen.childBytes)} MiB, at most ${mostChildMiB} is allowed`)
  if (seen.refused > 0) found.push(`/healthz answered something else than 200 ${seen.refused} times`)
  return found
}

const mib = (bytes: number): number => Math.round(bytes / MiB)

/** The results as a table of fixed width, a line a case. */
export function tableOf(results: readonly CaseResult[]): string {
  const rows = results.map(({ group, name, status, note, watched, failures }) => [
    group,
    name,
    [status, note].filter((part) => part !== '').join(' '),
    String(mib(watched.serviceBytes)),
    String(mib(watched.childBytes)),
    watched.silenceMs.toFixed(0),
    failures.length === 0 ? 'held' : 'FAILED',
  ])
  const head = ['group', 'case', 'status', 'service MiB', 'child MiB', 'silence ms', '']
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
