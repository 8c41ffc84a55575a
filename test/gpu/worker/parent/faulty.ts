/** The worker process with faults that a run can provoke: by its seed, so that a job is an ordinary one. */
import type { ToWorker } from '../../../../src/gpu/messages.ts'
import { faults } from './faults.ts'

process.on('message', (message: ToWorker) => {
  if (message.kind === 'profile' && message.job.settings.seed === faults.profile) process.abort()
  if (message.kind !== 'run') return
  const { seed } = message.job.settings
  // abort(3) in native code, as a failed assertion of a library ends a process.
  if (seed === faults.abort) process.abort()
  // The thread that everything runs on stands still for good, as in a kernel that never returns.
  if (seed === faults.block) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  // V8 ends the process where its heap is full.
  if (seed === faults.heap) for (const kept: number[][] = []; ; ) kept.push(new Array(1e6).fill(0.5))
})
await import('../../../../src/gpu/worker/child/main.ts')
