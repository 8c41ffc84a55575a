import { computeCosts } from '../../../engine/cost.ts'
import type { RunJob, RunProfile } from '../../contract.ts'
import { describeCpu } from '../../devices/host-facts.ts'
import { runDtype } from '../../run-dtype.ts'
import { RunError } from '../../run-error.ts'
import type { LoadRequest } from '../../runtimes/contract.ts'
import { measureCeilings } from './ceilings.ts'
import { admit, freeHostMemory, refuseUnsupported, threadsFor } from './memory.ts'
import { type RunContext, withDevice } from './run.ts'

/** Calls that a per-layer profile averages over: enough to pass the first, slower ones by. */
const profileRuns = 10

/**
 * Times the layers of a network one by one, and then what the device does at its best under the same conditions.
 * @throws RunError UNSUPPORTED_PROFILE, and what `executeRun` throws.
 */
export const executeProfile = (job: RunJob, context: RunContext): Promise<RunProfile> =>
  withDevice(job, context, async (scratch, phase) => {
    const { runtime, sessions } = context
    const { profile } = runtime
    if (!profile) throw new RunError('UNSUPPORTED_PROFILE', `${runtime.name} has no per-layer profile: ask for the run without profile`)
    const capabilities = await runtime.capabilities(job.device.kind)
    refuseUnsupported(job, capabilities)
    const threads = threadsFor(job, capabilities, (await describeCpu()).physicalCores)
    // The profile has its own session and may need the memory of the timed one.
    await sessions.clear()
    const { graph, batch, resolution } = job
    const dtype = runDtype(graph, { ...job, ownFile: job.model !== undefined })
    const { totals } = computeCosts(graph, { batch, dtype, ...(resolution ? { resolution } : {}) })
    await admit(job, runtime, totals)
    const request: LoadRequest = { ...job, threads, seed: job.settings.seed, scratch }
    phase('profiling', { runs: profileRuns })
    const layers = await profile(request, profileRuns)
    phase('calibrating')
    const calibration = await measureCeilings({ ...runtime, profile }, request, freeHostMemory(runtime))
    return {
      ...layers,
      ...calibration,
      launchBlocking: job.device.kind === 'cuda' ? process.env.CUDA_LAUNCH_BLOCKING === '1' : null,
    }
  })
