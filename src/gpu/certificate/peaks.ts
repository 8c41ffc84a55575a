/**
 * The most arithmetic a device can do, to tell a latency that cannot be: bounds, not expectations.
 */
import type { Graph } from '../../engine/graph.ts'
import type { Precision } from '../contract.ts'
import type { DeviceKind } from '../devices/device.ts'
import type { CpuDescription } from '../devices/host-facts.ts'

export interface Peak {
  flopsPerSecond: number
  /** Where the figure comes from, in words. */
  source: string
}

/** float32 lanes of one vector instruction, and how many a core begins in a cycle at the most. */
const vectors: readonly [flag: string, lanes: number, units: number, source: string][] = [
  ['avx512f', 16, 2, 'two 512-bit FMA units a core (Intel Xeon Scalable; AMD Zen 5)'],
  ['avx2', 8, 2, 'two 256-bit FMA units a core (Intel since Haswell; AMD since Zen 2)'],
  ['avx', 8, 2, 'two 256-bit units a core'],
  ['sve', 16, 2, 'two 512-bit units a core (Fujitsu A64FX; Arm Neoverse has no wider)'],
  ['asimd', 4, 4, 'four 128-bit units a core (Arm Neoverse V1 and later)'],
]
const baseline = [4, 2, 'two 128-bit units a core'] as const
/** Assumed where the host shows no limit, as most virtual machines: no core that is sold is clocked higher (Intel Core i9-14900KS, 6.2 GHz). */
const fastestGHz = 6.2

/** cores × units × lanes × 2 (a fused multiply-add) × clock; float16 counts twice as many lanes. */
export function cpuPeak({ physicalCores, isa, frequencyMHz }: CpuDescription, precision: Precision): Peak {
  const [, lanes, units, source] = vectors.find(([flag]) => isa.includes(flag)) ?? ['', ...baseline]
  const width = lanes * (precision === 'float16' ? 2 : 1)
  const gigahertz = frequencyMHz.max === null ? fastestGHz : frequencyMHz.max / 1000
  const clock = frequencyMHz.max === null ? `${fastestGHz} GHz, since this host shows no limit` : `${gigahertz} GHz, its limit`
  return {
    flopsPerSecond: physicalCores * units * width * 2 * gigahertz * 1e9,
    source: `${physicalCores} cores, ${width} lanes, ${source}, 2 flops a multiply-add, ${clock}`,
  }
}

/** Dense peaks in 10^12 flop/s from NVIDIA's data sheets: float32, with TF32, float16. */
const gpuPeaks: readonly [model: RegExp, float32: number, tf32: number, float16: number, source: string][] = [
  [/H200/, 67, 494.7, 989.4, 'NVIDIA H200 data sheet'],
  [/H100.*HBM3/, 66.9, 494.7, 989.4, 'NVIDIA H100 Tensor Core GPU Architecture, table 2 (SXM5)'],
  [/H100.*PCIe/, 51.2, 378, 756, 'NVIDIA H100 Tensor Core GPU Architecture, table 2 (PCIe)'],
  [/A100/, 19.5, 156, 312, 'NVIDIA A100 data sheet'],
  [/L40S/, 91.6, 183, 366, 'NVIDIA L40S data sheet'],
  [/\bL4\b/, 30.3, 60, 121, 'NVIDIA L4 data sheet'],
  [/\bA10\b/, 31.2, 62.5, 125, 'NVIDIA A10 data sheet'],
  [/\bT4\b/, 8.1, 8.1, 65, 'NVIDIA T4 data sheet'],
]

/** Null for a model whose data sheet is not in the table: nothing is then said against its figures. */
export function gpuPeak(model: string, precision: Precision, tf32: boolean): Peak | null {
  const row = gpuPeaks.find(([pattern]) => pattern.test(model))
  if (!row) return null
  const [, float32, withTf32, float16, source] = row
  return { flopsPerSecond: (precision === 'float16' ? float16 : tf32 ? withTf32 : float32) * 1e12, source }
}

/** The bound for a run's device. */
export const peakOf = (kind: DeviceKind, model: string, cpu: CpuDescription, precision: Precision, tf32: boolean): Peak | null =>
  kind === 'cuda' ? gpuPeak(model, precision, tf32) : cpuPeak(cpu, precision)

/**
 * Flops that no known algorithm does a call without, at 2 a multiply-add. A convolution with stride 1 can be had for
 * less than its definition: 3×3 for a quarter (Winograd F(4×4, 3×3): Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2015), larger ones by FFT for no less than one multiplication an element.
 * @param macs of each layer, for the whole batch.
 */
export function leastFlops(graph: Graph, macs: ReadonlyMap<string, number>): number {
  let least = 0
  for (const { id, attributes } of graph.layers) {
    const { kernelSize, stride } = attributes as Record<string, unknown>
    const area = numbers(kernelSize).reduce((a, b) => a * b, 1)
    const direct = numbers(stride).some((step) => step > 1)
    least += (2 * (macs.get(id) ?? 0)) / (direct || area === 1 ? 1 : area <= 9 ? Math.min(area, 4) : area)
  }
  return least
}

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value : []).filter((each) => typeof each === 'number')
