/**
 * The engine's process: gets tasks by messages, one at a time, and answers each with its result. It ends with the service;
 * if it dies, only the request that it worked for fails.
 */
import { writeFileSync } from 'node:fs'
import type { FromEngine, TaskFailure, ToEngine } from './process.ts'
import { runTask, type TaskResult } from './tasks.ts'

// Ctrl-C and a service manager signal the whole group: the service decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit(0))
try {
  // If memory runs out, the kernel should end this process rather than the service.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // Not Linux, or not allowed: the kernel then chooses by size.
}

/** Messages with which V8 refuses an array buffer, an array or a string, because memory is short or it could never fit. */
const tooLarge = /^(Array buffer allocation failed|Invalid (typed )?array length|Invalid string length)/

function failure(cause: unknown): TaskFailure {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  if (error instanceof RangeError && tooLarge.test(error.message)) return { outOfMemory: true, message: error.message, stack: error.stack }
  return { message: error.message, stack: error.stack, code: (error as NodeJS.ErrnoException).code }
}

// A send fails only where the service is gone, which `disconnect` reports.
const send = (message: FromEngine) => process.send!(message, () => {})

process.on('message', async ({ name, task }: ToEngine) => {
  let answer: { result: TaskResult<unknown> } | { failed: TaskFailure }
  try {
    answer = { result: await runTask(name, task) }
  } catch (cause) {
    answer = { failed: failure(cause) }
  }
  const { user, system } = process.cpuUsage()
  send({ ...answer, residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 })
})
send({ ready: true })
