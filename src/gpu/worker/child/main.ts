/**
 * The worker process: `main.ts <parent's pid> <scratch folder>`. It gets jobs and gives samples by messages and talks to
 * nothing else. One job at a time; an error thrown by a job is its failure; the parent detects crashes of the process.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { BackendName, RunJob, RuntimeName, RuntimeSupport } from '../../contract.ts'
import type { FromWorker, ToWorker } from '../../messages.ts'
import { failureOf } from '../../run-error.ts'
import { loadRuntime } from '../../runtimes/index.ts'
import { atOwnSizes } from '../../runtimes/model-file.ts'
import { executeProfile } from './profile.ts'
import { executeRun, type RunContext } from './run.ts'
import { SessionCache } from './session-cache.ts'

/** Half of what a process may hold between runs (`largestIdleBytes` of its host), which ends one that holds more. */
const sessionCacheBytes = 2 ** 29

const [parentPid, scratch] = [Number(process.argv[2]), process.argv[3]!]

// V8 would reserve 512 MB for the code of this thread, which counts against a cap of memory.
new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: { parentPid, scratch }, resourceLimits: { codeRangeSizeMb: 16 } })
// Ctrl-C and a service manager signal the whole group: the parent decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// An idle process sees its parent go at once; one in the middle of a call leaves it to the watchdog.
process.on('disconnect', () => {
  rmSync(scratch, { recursive: true, force: true })
  process.exit(0)
})
try {
  // If memory runs out, the kernel should end this process rather than the service.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // Not Linux, or not allowed: the kernel then chooses by size, which selects this process as well.
}

const sessions = new SessionCache(sessionCacheBytes)

// A send fails only where the parent is gone, and then the watchdog ends this process.
const send = (message: FromWorker) => process.send!(message, () => {})

async function execute(kind: 'run' | 'profile', asked: RunJob): Promise<void> {
  const { runId } = asked
  try {
    const job = atOwnSizes(asked)
    const runtime = await loadRuntime(job.runtime, job.backend)
    const context: RunContext = { runtime, sessions, scratch, emit: (progress) => send({ kind: 'progress', runId, progress }) }
    if (kind === 'profile') send({ kind: 'profiled', runId, profile: await executeProfile(job, context) })
    else send({ kind: 'done', runId, measured: await executeRun(job, context), residentBytes: process.memoryUsage.rss() })
  } catch (error) {
    send({ kind: 'failed', runId, failure: failureOf(error), stack: (error instanceof Error && error.stack) || null })
  }
}

async function probe(name: RuntimeName, backend: BackendName, device: RunJob['device']): Promise<RuntimeSupport> {
  try {
    return await (await loadRuntime(name, backend)).probe(device)
  } catch (error) {
    return { runtime: name, backend, usable: false, reason: failureOf(error).message, command: null }
  }
}

process.on('message', async (message: ToWorker) => {
  if (message.kind !== 'probe') await execute(message.kind, message.job)
  else {
    send({ kind: 'probed', support: await probe(message.runtime, message.backend, message.device) })
    // Node does so at its exit, but this process is killed.
    flushCompileCache()
  }
})
send({ kind: 'ready', pid: process.pid })
