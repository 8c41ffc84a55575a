/** The bare loop of `blocks.ts`, as anybody would write it: no code of ours, the public API, one call after another. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type onnxruntime from 'onnxruntime-node'

const { model, weights, inputs, threads, warmupMs, warmupCalls, timedMs, timedCalls, provider, binding } = JSON.parse(process.argv[2]!)
const ort = createRequire(import.meta.url)(binding) as typeof onnxruntime
const session = await ort.InferenceSession.create(model, {
  executionProviders: [provider],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  externalData: weights.map(({ path, file }: { path: string; file: string }) => ({ path, data: readFileSync(file) })),
})
const feeds: Record<string, onnxruntime.Tensor> = {}
for (const { name, shape } of inputs) {
  const elements = shape.reduce((a: number, b: number) => a * b, 1)
  feeds[name] = new ort.Tensor(
    'float32',
    Float32Array.from({ length: elements }, () => 3.46 * (Math.random() - 0.5)),
    shape,
  )
}
async function loop(ms: number, calls: number): Promise<number[]> {
  const samples: number[] = []
  for (const start = performance.now(); performance.now() - start < ms || samples.length < calls; ) {
    const before = performance.now()
    await session.run(feeds)
    samples.push(performance.now() - before)
  }
  return samples.sort((a, b) => a - b)
}

await loop(warmupMs, warmupCalls)
const samples = await loop(timedMs, timedCalls)
const middle = samples.length >> 1
process.send!(samples.length % 2 === 1 ? samples[middle] : (samples[middle - 1]! + samples[middle]!) / 2)
process.disconnect()
