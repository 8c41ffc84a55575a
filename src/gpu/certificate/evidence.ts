import type { GpuWatch, RunEnvironment } from '../contract.ts'
import type { TimingSettings } from '../timing/settings.ts'
import type { Peak } from './peaks.ts'

/** Everything known about the conditions of a measurement. */
export interface Evidence {
  measured: { samples: Float64Array; stability: { stable: boolean; reason: string | null } }
  settings: TimingSettings
  kind: 'cpu' | 'cuda'
  output: { maxAbs: number }
  /** On a CPU; null where the kernel does not report it. */
  hostLoad: RunEnvironment['hostLoad']
  logicalCpus: number
  /** Clocks of the CPU's cores during the timed part, the lowest and the highest at least, MHz; empty where the host shows none. */
  frequenciesMHz: readonly number[]
  /** On a GPU; null on a CPU. */
  gpu: GpuWatch | null
  /** Flops of one call that every algorithm needs. */
  leastFlops: number
  /** Null where the device's is not known. */
  peak: Peak | null
}

export interface Reason {
  code: string
  /** `invalid`: the figures cannot be true; `suspect`: an undisturbed run might give others. */
  verdict: 'suspect' | 'invalid'
  /** What helps. */
  remedy: string
  /** The finding in words with figures; null where there is none. */
  find(evidence: Evidence): string | null
}
