/**
 * Ends the worker process when its parent is gone. It runs on a thread of its own, since a runtime blocks the main one
 * for as long as a call takes, and it kills rather than asks, for the same reason.
 */
import { rmSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const pollMs = 200
const { parentPid, scratch } = workerData as { parentPid: number; scratch: string }

setInterval(() => {
  if (process.ppid === parentPid) return
  // The parent would have removed it.
  rmSync(scratch, { recursive: true, force: true })
  process.kill(process.pid, 'SIGKILL')
}, pollMs)
