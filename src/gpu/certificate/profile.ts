import type { RunFailure, RunProfile, RunSuccess } from '../contract.ts'
import type { Device } from '../devices/device.ts'
import { gpuBandwidth, type Peak, peakOf } from './peaks.ts'

/** By how much the sum of kernels may exceed the call, as a share, because clocks are rounded. */
const rounding = 0.001

/**
 * Why a profile cannot consist of kernel times; null where it can. A profiler that sees a kernel's start but not its end
 * reports the time of the launch: then layers seem faster than the device can be, or their sum exceeds the call.
 * @param model of the device. @param peak its arithmetic at most; null where that is not known.
 */
export function profileProblem(
  { ceilings: { compute, memory }, perLayer, unattributedMs, totalMs }: RunProfile,
  model: string,
  peak: Peak | null,
): RunFailure | null {
  const refuse = (message: string): RunFailure => ({
    code: 'PROFILE_REFUSED',
    message: `${message}: these are not times of kernels, so the profile is withheld. Report it with the run’s id.`,
  })
  if (peak !== null && compute.leastFlopsPerSecond > peak.flopsPerSecond)
    return refuse(
      `A calibration layer would take ${tera(compute.leastFlopsPerSecond)} Tflop/s at least (${compute.measuredWith}), and ${model} does no more than ${tera(peak.flopsPerSecond)} (${peak.source})`,
    )
  const bandwidth = gpuBandwidth(model)
  if (bandwidth !== null && memory.bytesPerSecond > bandwidth.bytesPerSecond)
    return refuse(
      `A calibration layer would move ${tera(memory.bytesPerSecond)} TB/s (${memory.measuredWith}), and the memory of ${model} no more than ${tera(bandwidth.bytesPerSecond)} (${bandwidth.source})`,
    )
  const kernelMs = perLayer.reduce((sum, { ms }) => sum + ms, unattributedMs)
  if (kernelMs > (1 + rounding) * totalMs)
    return refuse(
      `Its kernels add up to ${kernelMs.toPrecision(4)} ms, more than the ${totalMs.toPrecision(4)} ms of the call they are part of`,
    )
  return null
}

const tera = (perSecond: number): string => (perSecond / 1e12).toPrecision(4)

/** The result with its profile, or with the reason why it has none. */
export function withProfile(
  { result, ...rest }: RunSuccess,
  profile: RunProfile,
  { kind, model }: Pick<Device, 'kind' | 'model'>,
): RunSuccess {
  const { cpu, precision, settings } = rest.environment
  const profileRefused = profileProblem(profile, model, peakOf(kind, model, cpu, precision, settings.tf32))
  return { ...rest, result: { ...result, profile: profileRefused ? null : profile, profileRefused } }
}
