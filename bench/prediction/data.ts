import { readFileSync } from 'node:fs'
import type { LayerTime } from '../../src/gpu/contract.ts'

/** A network as the benchmark reads it: times in ms of one call of one image. */
export interface MeasuredNetwork {
  preset: string
  callMs: number
  /** Largest over least of the rounds. */
  spread: number
  rounds: number[]
  /** Of kernels that belong to no layer. */
  unattributedMs: number
  perLayer: LayerTime[]
}

/** Measurements of one device: a line of JSON that says which, then one a network. */
export interface Measurements {
  device: string
  date: string
  /** How they were taken, in words. */
  method: string
  networks: Pick<MeasuredNetwork, 'preset' | 'callMs' | 'perLayer' | 'unattributedMs'>[]
}

/** What the benchmark measures itself. */
export function readMeasured(file: string): Measurements {
  const [head, ...networks] = linesOf(file) as [Omit<Measurements, 'networks'>, ...MeasuredNetwork[]]
  return { ...head, networks }
}

/** Runs of the service with profiles, as the checks on a GPU keep them: the first line of a preset counts. */
export function readRuns(file: string): Measurements {
  type KeptRun = { preset: string; latencyMs: { p50: number }; profile: { perLayer: LayerTime[]; unattributedMs: number } }
  const [head, ...runs] = linesOf(file) as [{ device: string; date: string }, ...KeptRun[]]
  const first = runs.filter(({ preset }, i) => runs.findIndex((run) => run.preset === preset) === i)
  return {
    ...head,
    method: 'runs of the service, batch 1, float32: the median call, and ONNX Runtime’s profile with launches that wait',
    networks: first.map(({ preset, latencyMs, profile }) => ({ preset, callMs: latencyMs.p50, ...profile })),
  }
}

const linesOf = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
