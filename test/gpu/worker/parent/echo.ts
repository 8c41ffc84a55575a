/** Stands in for a worker process on a GPU: it computes nothing, and tells by which environment it was started. */
import type { RunProfile } from '../../../../src/gpu/contract.ts'
import type { FromWorker, Measured, ToWorker } from '../../../../src/gpu/messages.ts'

const send = (message: FromWorker) => process.send!(message)
const told = () => JSON.stringify({ pid: process.pid, blocking: process.env.CUDA_LAUNCH_BLOCKING ?? null })

const measured = (job: Extract<ToWorker, { kind: 'run' }>['job']) =>
  ({
    result: {
      latencyMs: { p50: 1 },
      output: { elements: 1, maxAbs: 1, first: [1] },
      addedOps: [told()],
      profile: null,
      profileRefused: null,
    },
    environment: {
      deviceName: job.device.model,
      precision: job.precision,
      settings: job.settings,
      hostLoad: null,
      cpu: { logicalCpus: 1 },
    },
    samples: Float64Array.from({ length: 100 }, (_, i) => 1 + (i % 7) / 1000),
    outputs: Float32Array.of(1),
    observed: {
      stability: { stable: true, reason: null },
      frequenciesMHz: [],
      gpu: { samples: [], others: [], problem: null },
      leastFlops: 1,
    },
  }) as unknown as Measured

/** Within what an H200 can do, where launches waited; the times of launches that were seen on one, where they did not. */
const profile = (): RunProfile => {
  const blocking = process.env.CUDA_LAUNCH_BLOCKING === '1'
  return {
    perLayer: [{ layerIds: ['conv'], ms: 0.5 }],
    unattributedMs: 0,
    totalMs: 1,
    runs: 1,
    method: told(),
    launchBlocking: blocking,
    kernelOverhead: { ms: 0.005, measuredWith: 'a stand-in' },
    ceilings: {
      compute: {
        flopsPerSecond: blocking ? 271e12 : 12_977e12,
        leastFlopsPerSecond: blocking ? 68e12 : 3244e12,
        measuredWith: 'a stand-in',
      },
      memory: { bytesPerSecond: 2e12, bytes: 402_653_184, measuredWith: 'a stand-in' },
      durationMs: 1,
    },
  }
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'run') send({ kind: 'done', runId: message.job.runId, measured: measured(message.job), residentBytes: 1 })
  if (message.kind === 'profile') send({ kind: 'profiled', runId: message.job.runId, profile: profile() })
})
send({ kind: 'ready', pid: process.pid })
