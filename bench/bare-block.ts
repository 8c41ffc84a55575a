/** The bare loop of `blocks.ts`, as anybody would write it: no code of ours, the public API, one call after another. */
import { readFileSync } from 'node:fs'
import ort from 'onnxruntime-node'

const { model, weights, inputs, threads, warmupMs, timedMs } = JSON.parse(process.argv[2]!)
const session = await ort.InferenceSession.create(model, {
  executionProviders: ['cpu'],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  externalData: weights.map(({ path, file }: { path: string; file: string }) => ({ path, data: readFileSync(file) })),
})
const feeds: Record<string, ort.Tensor> = {}
for (const { name, shape } of inputs) {
  const elements = shape.reduce((a: number, b: number) => a * b, 1)
  feeds[name] = new ort.Tensor(
    'float32',
    Float32Array.from({ length: elements }, () => 3.46 * (Math.random() - 0.5)),
    shape,
  )
}
for (const start = performance.now(); performance.now() - start < warmupMs; ) await session.run(feeds)
const samples: number[] = []
for (const start = performance.now(); performance.now() - start < timedMs; ) {
  const before = performance.now()
  await session.run(feeds)
  samples.push(performance.now() - before)
}
samples.sort((a, b) => a - b)
process.send!(samples[samples.length >> 1]!)
process.disconnect()
