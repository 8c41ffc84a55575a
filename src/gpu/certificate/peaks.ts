/** Upper bounds of a device's arithmetic, to detect impossible latencies. They are bounds, not expectations. */
import type { ArithmeticType } from '../contract.ts'
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
/**
 * Assumed where the host shows no limit, as on most virtual machines: no core on the market is clocked higher (Intel Core
 * i9-14900KS, 6.2 GHz).
 */
const fastestGHz = 6.2

/**
 * Multiply-adds of a type in the place of one of float32, at most: as many more lanes as it is narrower. A core with matrix tiles does
 * 1,024 of int8 and 512 of 16-bit floats a cycle (Intel, "Intel AMX", Xeon Scalable of the 4th generation), 32 of float32.
 */
function widening(type: ArithmeticType, isa: readonly string[]): number {
  if (type === 'float32') return 1
  const tiles = isa.includes('amx_tile')
  return type === 'int8' ? (tiles ? 32 : 4) : tiles ? 16 : 2
}

/** cores × units × lanes × 2 (a fused multiply-add) × clock. */
export function cpuPeak({ physicalCores, isa, frequencyMHz }: CpuDescription, type: ArithmeticType): Peak {
  const [, lanes, units, source] = vectors.find(([flag]) => isa.includes(flag)) ?? ['', ...baseline]
  const width = lanes * widening(type, isa)
  const gigahertz = frequencyMHz.max === null ? fastestGHz : frequencyMHz.max / 1000
  const clock = frequencyMHz.max === null ? `${fastestGHz} GHz, since this host shows no limit` : `${gigahertz} GHz, its limit`
  return {
    flopsPerSecond: physicalCores * units * width * 2 * gigahertz * 1e9,
    source: `${physicalCores} cores, ${width} lanes, ${source}, 2 flops a multiply-add, ${clock}`,
  }
}

interface GpuPeaks {
  model: RegExp
  /** Dense peaks, 10^12 flop/s. */
  float32: number
  tf32: number
  float16: number
  /** Bandwidth of the memory, 10^12 bytes a second: the largest variant's where a model has several. */
  terabytes: number
  source: string
}
/** From NVIDIA's data sheets. */
const gpuPeaks: readonly GpuPeaks[] = [
  { model: /H200/, float32: 67, tf32: 494.7, float16: 989.4, terabytes: 4.8, source: 'NVIDIA H200 data sheet' },
  {
    model: /H100.*HBM3/,
    float32: 66.9,
    tf32: 494.7,
    float16: 989.4,
    terabytes: 3.35,
    source: 'NVIDIA H100 Tensor Core GPU Architecture, table 2 (SXM5)',
  },
  {
    model: /H100.*PCIe/,
    float32: 51.2,
    tf32: 378,
    float16: 756,
    terabytes: 2.04,
    source: 'NVIDIA H100 Tensor Core GPU Architecture, table 2 (PCIe)',
  },
  { model: /A100/, float32: 19.5, tf32: 156, float16: 312, terabytes: 2.039, source: 'NVIDIA A100 data sheet' },
  { model: /L40S/, float32: 91.6, tf32: 183, float16: 366, terabytes: 0.864, source: 'NVIDIA L40S data sheet' },
  { model: /\bL4\b/, float32: 30.3, tf32: 60, float16: 121, terabytes: 0.3, source: 'NVIDIA L4 data sheet' },
  { model: /\bA10\b/, float32: 31.2, tf32: 62.5, float16: 125, terabytes: 0.6, source: 'NVIDIA A10 data sheet' },
  { model: /\bT4\b/, float32: 8.1, tf32: 8.1, float16: 65, terabytes: 0.32, source: 'NVIDIA T4 data sheet' },
]

/** Null for a model that is not in the table: its figures are then not checked. */
export function gpuPeak(model: string, type: ArithmeticType, tf32: boolean): Peak | null {
  const row = gpuPeaks.find((each) => each.model.test(model))
  if (!row) return null
  // Tensor cores of these models do twice as many of int8 and of 8-bit floats as of float16.
  const tera = { int8: 2 * row.float16, float16: row.float16, float32: tf32 ? row.tf32 : row.float32 }
  return { flopsPerSecond: tera[type] * 1e12, source: row.source }
}

/** The most bytes a second that a GPU's memory moves; null for a model that is not in the table. */
export function gpuBandwidth(model: string): { bytesPerSecond: number; source: string } | null {
  const row = gpuPeaks.find((each) => each.model.test(model))
  return row ? { bytesPerSecond: row.terabytes * 1e12, source: row.source } : null
}

/** The bound for a run's device. */
export const peakOf = (kind: DeviceKind, model: string, cpu: CpuDescription, type: ArithmeticType, tf32: boolean): Peak | null =>
  kind === 'cuda' ? gpuPeak(model, type, tf32) : cpuPeak(cpu, type)
