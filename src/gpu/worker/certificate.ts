import type { Certificate, RunEnvironment } from '../contract.ts'
import type { HostCpuTime } from '../host-facts.ts'
import type { Measurement } from '../timing/measure.ts'
import type { TimingSettings } from '../timing/settings.ts'

/** Others on the CPU, as a share of all its logical CPUs: above this their caches and clocks show in the latency. */
const othersShare = 0.05
/** CPU time taken by the hypervisor, as a share of all logical CPUs: time in which the run stood still unseen. */
const stolenShare = 0.01

/**
 * CPUs that others kept busy over an interval: the host's busy time less this process's own.
 * @param seconds length of the interval; @param own CPU seconds of this process in it.
 */
export function loadOfOthers(before: HostCpuTime, after: HostCpuTime, own: number, seconds: number): RunEnvironment['hostLoad'] {
  if (seconds <= 0) return null
  return {
    othersCpus: Math.max(0, after.busy - before.busy - own) / seconds,
    stolenCpus: Math.max(0, after.steal - before.steal) / seconds,
  }
}

/**
 * Whether the measurement can be defended: `valid`, or `suspect` with every reason found. Nothing measured here makes
 * a result `invalid`; a lost lease does, which only the parent can see.
 */
export function certify(
  measured: Pick<Measurement, 'samples' | 'stability' | 'endedBy'>,
  settings: TimingSettings,
  device: { kind: 'cpu' | 'cuda' },
  load: RunEnvironment['hostLoad'],
  logicalCpus: number,
  output: { maxAbs: number },
): Certificate {
  const reasons: Certificate['reasons'] = []
  const add = (code: string, message: string) => reasons.push({ code, message })
  if (!measured.stability.stable) add('UNSTABLE', `The latency was not steady: ${measured.stability.reason}.`)
  if (measured.samples.length < settings.minSamples)
    add(
      'TOO_FEW_SAMPLES',
      `${measured.samples.length} samples were taken before the cap of ${settings.maxDurationMs} ms, fewer than the ${settings.minSamples} asked for: raise maxDurationMs.`,
    )
  if (!Number.isFinite(output.maxAbs))
    add('OUTPUT_NOT_FINITE', 'The output holds values that are not finite, with which arithmetic can take another time than with numbers.')
  if (device.kind === 'cpu') {
    if (load === null) add('LOAD_UNKNOWN', 'This host does not tell the CPU time of other processes, so their load cannot be ruled out.')
    else {
      if (load.othersCpus > othersShare * logicalCpus)
        add(
          'CPU_BUSY',
          `Other processes kept ${load.othersCpus.toFixed(2)} of ${logicalCpus} CPUs busy during the timing; ${(othersShare * logicalCpus).toFixed(2)} are let pass.`,
        )
      if (load.stolenCpus > stolenShare * logicalCpus)
        add(
          'CPU_STOLEN',
          `The hypervisor gave ${load.stolenCpus.toFixed(2)} of ${logicalCpus} CPUs to others during the timing; ${(stolenShare * logicalCpus).toFixed(2)} are let pass.`,
        )
    }
  }
  return { verdict: reasons.length === 0 ? 'valid' : 'suspect', reasons }
}
