/** Runs a graph for real, through both runtimes, for tests that compare them. */
import * as tf from '@tensorflow/tfjs-core'
import * as ort from 'onnxruntime-node'
import { exportOnnx, type OnnxExportOptions } from '../../src/engine/formats/onnx-export.ts'
import { lowerToTfjs } from '../../src/engine/formats/tfjs-lowering.ts'
import type { Graph } from '../../src/engine/graph.ts'
import type { InferOptions } from '../../src/engine/infer.ts'
import type { Parameter } from '../../src/engine/op.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { seededInput, seededParameter } from '../../src/engine/weights.ts'
import type { BackendName } from '../../src/gpu/contract.ts'
import type { LoadRequest } from '../../src/gpu/runtimes/contract.ts'
import { openBackend } from '../../src/gpu/runtimes/tfjs/backends.ts'

// As the runtime itself does: no usage events from a test.
process.env.ORT_DISABLE_TELEMETRY = '1'

export type Arrays = Record<string, Float32Array>
export const seed = 7
/** How far two runtimes may be apart, relative to the largest output. */
export const tolerance = 1e-4

/** A graph of one input and layers in a row, unless layers say otherwise. */
export const graphOf = (shape: readonly number[], layers: readonly Record<string, unknown>[], outputs?: readonly string[]): Graph =>
  verifyGraph({ input: { shape }, layers, ...(outputs ? { outputs } : {}) })

export const inputsOf = (graph: Graph, batch: number): Arrays =>
  Object.fromEntries(graph.inputs.map(({ id, shape }) => [id, seededInput(seed, id, batch * shape.reduce((a, b) => a * b, 1))]))

export async function runOnnx(graph: Graph, inputs: Arrays, options: OnnxExportOptions = {}): Promise<Float32Array[]> {
  const file = exportOnnx(graph, { seed, ...options })
  const session = await ort.InferenceSession.create(file.model, {
    externalData: file.externalData,
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  })
  try {
    const feeds = Object.fromEntries(file.inputs.map(({ name, shape }) => [name, new ort.Tensor('float32', inputs[name]!, [...shape])]))
    const results = await session.run(feeds)
    return file.outputs.map(({ name }) => Float32Array.from(results[name]!.data as Float32Array))
  } finally {
    await session.release()
  }
}

export const testCpu: LoadRequest['device'] = { name: 'cpu:0', uuid: 'CPU-test', kind: 'cpu', index: 0, model: 'test', driver: null }
/** The back end of TF.js that the tests of this process run on: `npm run test:tensorflow` names the other one. */
export const tfjsBackend = (process.env.TFJS_BACKEND || 'wasm') as BackendName

let active: Promise<unknown> | undefined
/** TF.js with that back end active. */
export async function activeTfjs(): Promise<typeof tf> {
  active ??= openBackend(tfjsBackend).then((backend) => backend.activate({ device: testCpu, threads: 1 }))
  await active
  return tf
}

export async function runTfjs(
  graph: Graph,
  inputs: Arrays,
  options: InferOptions & { parameterOf?: (layerId: string, parameter: Parameter) => Float32Array } = {},
): Promise<Float32Array[]> {
  const backend = await activeTfjs()
  const network = lowerToTfjs(backend, graph, { parameterOf: (id, parameter) => seededParameter(seed, id, parameter), ...options })
  const uploaded = network.upload(inputs)
  const outputs = network.run(uploaded)
  const values = outputs.map((tensor) => Float32Array.from(tensor.dataSync()))
  for (const tensor of [...outputs, ...Object.values(uploaded)]) tensor.dispose()
  network.dispose()
  return values
}

/** Largest difference over the largest value: NaN or another length is infinitely far. */
export function distance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!)
    if (Number.isNaN(d)) return Number.POSITIVE_INFINITY
    difference = Math.max(difference, d)
    largest = Math.max(largest, Math.abs(b[i]!))
  }
  return difference / Math.max(largest, 1e-30)
}
