import type { GpuWatch, RunEnvironment } from '../contract.ts'
import type { TimingSettings } from '../timing/settings.ts'
import type { Peak } from './peaks.ts'

/** All that is known of the conditions of a measurement. */
export interface Evidence {
  measured: { samples: Float64Array; stability: { stable: boolean; reason: string | null } }
  settings: TimingSettings
  kind: 'cpu' | 'cuda'
  output: { maxAbs: number }
  /** On a CPU; null where the kernel does not tell. */
  hostLoad: RunEnvironment['hostLoad']
  logicalCpus: number
  /** Clocks of the CPU's cores during the timed part, the lowest and the highest at least, MHz; empty where the host shows none. */
  frequenciesMHz: readonly number[]
  /** On a GPU; null on a CPU. */
  gpu: GpuWatch | null
  /** Flops of one call that no algorithm does without. */
  leastFlops: number
  /** Null where the device's is not known. */
  peak: Peak | null
}

export interface Reason {
  code: string
  /** `invalid`: the figures cannot be true; `suspect`: they may not be what an undisturbed run gives. */
  verdict: 'suspect' | 'invalid'
  /** What helps. */
  remedy: string
  /** What was found, in words with figures; null where there is nothing. */
  find(evidence: Evidence): string | null
}
