import type { Certificate, RunSuccess } from '../contract.ts'
import type { DeviceKind } from '../devices/device.ts'
import type { Measured } from '../messages.ts'
import { twoModes } from '../timing/dip.ts'
import { median } from '../timing/percentiles.ts'
import type { Evidence, Reason } from './evidence.ts'
import { findGpuReasons } from './gpu.ts'
import { peakOf } from './peaks.ts'
import { notRepeated } from './repeats.ts'
import { verdictOf } from './verdict.ts'

/** Load of other processes, as a share of all logical CPUs: above this it affects the latency through caches and clocks. */
const othersShare = 0.05
/** CPU time taken by the hypervisor, as a share of all logical CPUs: time in which the run stood still without noticing. */
const stolenShare = 0.01
/** How far clocks may vary, the same as for the windows of the stability test. */
const clockTolerance = 0.05

/** A reason of CPUs alone. */
const onCpu =
  (find: Reason['find']): Reason['find'] =>
  (evidence) =>
    evidence.kind === 'cpu' ? find(evidence) : null

/** Every reason against a measurement, one line each, in the order of the certificate. */
export const reasons: readonly Reason[] = [
  {
    code: 'ABOVE_PEAK',
    verdict: 'invalid',
    remedy: 'Discard the figure, and report it with the run’s id.',
    find: ({ measured, leastFlops, peak }) => {
      const seconds = median(measured.samples) / 1000
      if (peak === null || leastFlops <= seconds * peak.flopsPerSecond) return null
      return `The latency would take ${tera(leastFlops / seconds)} at least, and this device does no more than ${tera(peak.flopsPerSecond)} (${peak.source}): what was timed is not the network.`
    },
  },
  {
    code: 'UNSTABLE',
    verdict: 'suspect',
    remedy: 'Raise maxDurationMs, or measure when the machine is quieter.',
    find: ({ measured: { stability } }) => (stability.stable ? null : `The latency was not steady: ${stability.reason}.`),
  },
  {
    code: 'BIMODAL',
    verdict: 'suspect',
    remedy: 'Look through the samples in order for a periodic disturbance, or compare in turns.',
    find: ({ measured }) => {
      const found = twoModes(measured.samples)
      if (!found) return null
      const [first, second] = found.modes.map((ms) => ms.toPrecision(3))
      return `The samples form two groups, around ${first} and ${second} ms with ${(100 * found.share).toFixed(0)} % in the second (dip ${found.dip.toFixed(3)}): the median describes neither.`
    },
  },
  {
    code: 'TOO_FEW_SAMPLES',
    verdict: 'suspect',
    remedy: 'Raise maxDurationMs.',
    find: ({ measured: { samples }, settings }) =>
      samples.length >= settings.minSamples
        ? null
        : `${samples.length} samples were taken before the cap of ${settings.maxDurationMs} ms, fewer than the ${settings.minSamples} asked for.`,
  },
  {
    code: 'OUTPUT_NOT_FINITE',
    verdict: 'suspect',
    remedy: 'Take another seed, or a file with trained weights.',
    find: ({ output }) =>
      Number.isFinite(output.maxAbs) ? null : 'The output holds values that are not finite, whose arithmetic can run at a different speed.',
  },
  {
    code: 'LOAD_UNKNOWN',
    verdict: 'suspect',
    remedy: 'Measure on Linux, which reports it in /proc/stat.',
    find: onCpu(({ hostLoad }) =>
      hostLoad === null ? 'This host does not report the CPU time of other processes, so their load cannot be ruled out.' : null,
    ),
  },
  {
    code: 'CPU_BUSY',
    verdict: 'suspect',
    remedy: 'End them, or measure on a host of its own.',
    find: onCpu(({ hostLoad, logicalCpus }) =>
      hostLoad === null || hostLoad.othersCpus <= othersShare * logicalCpus
        ? null
        : `Other processes kept ${hostLoad.othersCpus.toFixed(2)} of ${logicalCpus} CPUs busy during the timing; at most ${(othersShare * logicalCpus).toFixed(2)} is allowed.`,
    ),
  },
  {
    code: 'CPU_STOLEN',
    verdict: 'suspect',
    remedy: 'Measure on a machine that is not shared, or at another time.',
    find: onCpu(({ hostLoad, logicalCpus }) =>
      hostLoad === null || hostLoad.stolenCpus <= stolenShare * logicalCpus
        ? null
        : `The hypervisor gave ${hostLoad.stolenCpus.toFixed(2)} of ${logicalCpus} CPUs to others during the timing; at most ${(stolenShare * logicalCpus).toFixed(2)} is allowed.`,
    ),
  },
  {
    code: 'FREQUENCY_DRIFT',
    verdict: 'suspect',
    remedy: 'Fix the clocks (cpupower frequency-set), or raise warmupMs.',
    find: onCpu(({ frequenciesMHz }) => drift('The CPU’s cores ran', frequenciesMHz)),
  },
  ...findGpuReasons(drift),
]

/** The codes of everything that a certificate may give as a reason. */
export const reasonCodes: readonly string[] = [...reasons.map(({ code }) => code), notRepeated]

/** Says that values varied by more than clocks may; null where they did not, or where there are none to compare. */
function drift(what: string, mhz: readonly number[]): string | null {
  const [low, high] = mhz.reduce(([least, most], each) => [Math.min(least, each), Math.max(most, each)], [Infinity, -Infinity])
  if (mhz.length < 2 || high <= (1 + clockTolerance) * low) return null
  return `${what} at ${Math.round(low)} to ${Math.round(high)} MHz during the timing, ${(100 * (high / low - 1)).toFixed(1)} % apart; at most ${(100 * clockTolerance).toFixed(0)} % is allowed.`
}

const tera = (flopsPerSecond: number): string => `${(flopsPerSecond / 1e12).toPrecision(3)} Tflop/s`

/** The certificate of a measurement: every reason found, and the verdict of the worst one. */
export function certify(evidence: Evidence): Certificate {
  const found = reasons.flatMap(({ code, verdict, find, remedy }) => {
    const message = find(evidence)
    return message === null ? [] : [{ code, verdict, message: `${message} ${remedy}` }]
  })
  const verdict = verdictOf(
    found.some((each) => each.verdict === 'invalid'),
    found.length > 0,
  )
  return { verdict, reasons: found.map(({ code, message }) => ({ code, message })) }
}

/** Adds the certificate to a run: judged here, in the service, from what the worker process observed. */
export function certified({ observed, ...measured }: Measured, kind: DeviceKind): RunSuccess {
  const { result, environment, samples } = measured
  const { cpu, settings, deviceName } = environment
  return {
    ...measured,
    certificate: certify({
      ...observed,
      measured: { samples, stability: observed.stability },
      settings,
      kind,
      output: result.output,
      hostLoad: environment.hostLoad,
      logicalCpus: cpu.logicalCpus,
      peak: peakOf(kind, deviceName, cpu, observed.narrowest, settings.tf32),
    }),
  }
}
