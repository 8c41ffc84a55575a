/**
 * `node scripts/gpu/c-api-check.ts --library FOLDER [--device cuda] [--torch python3] [--networks resnet50,…]
 * [--calls 200] [--seconds 2] [--budget 80] [--threads N]`
 *
 * How fast ONNX Runtime's C API runs a network whose input and output stay on the device, one JSON line a variant:
 * batch 1 as it is and as a CUDA graph, batch 64 in float32 and float16, in NCHW and NHWC. Beside PyTorch, where a Python
 * with torch and torchvision is named: eager, as a CUDA graph and in channels-last, on the same networks. The last lines
 * set the best of both side by side. `gpu_mem_limit` is tried too.
 *
 * FOLDER holds libonnxruntime.so.1 and, for cuda, libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so;
 * CUDA 13's and cuDNN 9's libraries are found through LD_LIBRARY_PATH. Needs no network. With `--device cpu` the same
 * calls are made without the options of CUDA.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { exportOnnx, type OnnxExport } from '../../src/engine/formats/onnx-export.ts'
import { numel } from '../../src/engine/shape.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { seededInput } from '../../src/engine/weights.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import { failureOf } from '../../src/gpu/run-error.ts'
import { decoded, encoded } from '../../src/gpu/runtimes/elements.ts'
import { IoBinding } from '../../src/gpu/runtimes/onnxruntime/c-api/binding.ts'
import { copyTensor } from '../../src/gpu/runtimes/onnxruntime/c-api/cuda-copies.ts'
import { cudaOptions } from '../../src/gpu/runtimes/onnxruntime/c-api/cuda-options.ts'
import { OnnxRuntime } from '../../src/gpu/runtimes/onnxruntime/c-api/library.ts'
import { InferenceSession } from '../../src/gpu/runtimes/onnxruntime/c-api/session.ts'
import { Allocator, Tensor } from '../../src/gpu/runtimes/onnxruntime/c-api/tensor.ts'

process.env.ORT_DISABLE_TELEMETRY = '1'

const { values: given } = parseArgs({
  options: {
    library: { type: 'string' },
    device: { type: 'string', default: 'cuda' },
    torch: { type: 'string' },
    networks: { type: 'string', default: 'resnet50,mobilenet_v2,vgg16,resnet18' },
    calls: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '2' },
    budget: { type: 'string', default: '80' },
    threads: { type: 'string', default: '4' },
    large: { type: 'string', default: '64' },
  },
})
if (!given.library) throw new Error('name the folder of libonnxruntime.so.1: --library FOLDER')
const onCuda = given.device === 'cuda'
const networks = given.networks.split(',')
const [calls, seconds, budget, threads, large] = [given.calls, given.seconds, given.budget, given.threads, given.large].map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
const say = (line: object) => console.log(JSON.stringify(line))
const median = (values: readonly number[]): number => {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
const rounded = (value: number) => Number(value.toPrecision(4))

interface Variant {
  name: string
  batch: number
  precision: 'float32' | 'float16'
  /** Options of the CUDA provider beside its defaults. */
  cuda: Record<string, string>
}
const graph = { enable_cuda_graph: '1' }
const nhwc = { prefer_nhwc: '1' }
const fused = { fuse_conv_bias: '1' }
/** As a run that asks for nothing. */
const plainCuda = cudaOptions({
  tf32: true,
  cudaGraph: false,
  layout: 'nchw',
  convSearch: 'exhaustive',
  fuseConvBias: false,
  gpuMemoryBytes: 0,
})
const one = (name: string, cuda: Record<string, string>): Variant => ({ name, batch: 1, precision: 'float32', cuda })
const many = (name: string, precision: Variant['precision'], cuda: Record<string, string>): Variant => ({
  name,
  batch: large,
  precision,
  cuda,
})
/** What matters most first: what no longer fits into the budget is left out, and said. */
const variants: Variant[] = onCuda
  ? [
      one('graph', graph),
      many('float16 nhwc graph fused', 'float16', { ...nhwc, ...graph, ...fused }),
      one('graph nhwc', { ...graph, ...nhwc }),
      many('float16 nhwc', 'float16', nhwc),
      many('float16 nhwc graph', 'float16', { ...nhwc, ...graph }),
      one('plain', {}),
      many('float32 nchw', 'float32', {}),
      many('float16 nchw', 'float16', {}),
      many('float32 nhwc', 'float32', nhwc),
      one('graph fused', { ...graph, ...fused }),
      many('float16 nhwc heuristic', 'float16', { ...nhwc, ...graph, cudnn_conv_algo_search: 'HEURISTIC' }),
    ]
  : [one('plain', {}), many('float32', 'float32', {})]

const models = new Map<string, OnnxExport>()
/** A network as it is exported, once for each precision and batch. */
function modelOf(preset: string, { batch, precision }: Variant): OnnxExport {
  const key = `${preset} ${precision} ${batch}`
  const made = models.get(key) ?? exportOnnx(verifyGraph(expandZoo({ preset }).spec), { batch, seed: 0, precision, castEdges: false })
  models.set(key, made)
  return made
}

/** Milliseconds of each call: at least 20, at most `--calls`, and no longer than `--seconds` beyond. */
function timed(run: () => void, most = calls): number[] {
  const samples: number[] = []
  const until = performance.now() + seconds * 1000
  while (samples.length < 20 || (samples.length < most && performance.now() < until)) {
    const before = performance.now()
    run()
    samples.push(performance.now() - before)
  }
  return samples
}

function measured(runtime: OnnxRuntime, preset: string, variant: Variant) {
  const { model, externalData, inputs, outputs } = modelOf(preset, variant)
  const begun = performance.now()
  const session = new InferenceSession(runtime, model, {
    intraOpThreads: threads,
    graphOptimization: 'all',
    externalData,
    ...(onCuda ? { cuda: { ...plainCuda, ...variant.cuda }, config: { 'session.disable_cpu_ep_fallback': '1' } } : {}),
  })
  const loadMs = performance.now() - begun
  const release: { release(): void }[] = [session]
  const held = <T extends { release(): void }>(made: T): T => {
    release.unshift(made)
    return made
  }
  try {
    const host = held(new Allocator(session, 'cpu'))
    const device = onCuda ? held(new Allocator(session, 'cuda')) : host
    const binding = held(new IoBinding(session))
    for (const { name, id = name, shape } of inputs) {
      const onHost = held(Tensor.make(host, variant.precision, shape))
      onHost.view().set(encoded(variant.precision, seededInput(0, id, numel(shape))))
      const input = onCuda ? held(Tensor.make(device, variant.precision, shape)) : onHost
      if (onCuda) copyTensor(onHost, input, 'hostToDevice')
      binding.input(name, input)
    }
    const results = outputs.map(({ name, shape }) => {
      const output = held(Tensor.make(device, variant.precision, shape))
      binding.output(name, output)
      return output
    })
    const first = performance.now()
    const call = () => {
      binding.run()
      if (onCuda) binding.synchronize()
    }
    call()
    const firstMs = performance.now() - first
    for (let i = 0; i < 10; i++) call()
    const samples = timed(call)
    // Whether a run waits by itself: were it much shorter without our wait, it would have returned before its work was done.
    const withoutWait = median(timed(() => binding.run(), 20))
    if (onCuda) binding.synchronize()
    const [result] = results
    const onHost = onCuda ? held(Tensor.make(host, variant.precision, outputs[0]!.shape)) : result!
    if (onCuda) copyTensor(result!, onHost, 'deviceToHost')
    const values = decoded(variant.precision, onHost.view())
    return { loadMs, firstMs, samples, withoutWait, values: values.subarray(0, values.length / variant.batch) }
  } finally {
    for (const each of release) each.release()
  }
}

const best = new Map<string, { ms: number; name: string }>()
const keep = (key: string, ms: number, name: string) => {
  const held = best.get(key)
  if (!held || ms < held.ms) best.set(key, { ms, name })
}
/** What PyTorch is held against: its own best way of the two. */
const peers: Record<string, string> = { 'batch 1': 'graph', [`batch ${large}`]: 'float16 channels_last' }

const begun = performance.now()
if (given.torch) {
  const job = { networks, device: given.device, calls, seconds, threads, large }
  const program = path.join(import.meta.dirname, 'torch_peer.py')
  const { stdout, status, error } = spawnSync(given.torch, [program, JSON.stringify(job)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) say({ tool: 'pytorch', failed: error?.message ?? `it ended with code ${status}` })
  for (const line of (stdout ?? '').split('\n').filter((text) => text.startsWith('{'))) {
    console.log(line)
    const { network, batch, variant, medianMs } = JSON.parse(line) as { network: string; batch: number; variant: string; medianMs?: number }
    if (medianMs && peers[`batch ${batch}`] === variant) keep(`pytorch ${network} batch ${batch}`, medianMs, variant)
  }
  say({ tool: 'pytorch', seconds: rounded((performance.now() - begun) / 1000) })
}

const start = performance.now()
const runtime = new OnnxRuntime(path.join(given.library, 'libonnxruntime.so.1'), '1.30.0')
say({ tool: 'onnxruntime', version: runtime.version, build: runtime.buildInfo, node: process.version, device: given.device })
/** The first image's outputs of the first variant of a network. */
const references = new Map<string, Float32Array>()
for (const variant of variants)
  for (const network of networks) {
    const { name, batch, precision, cuda } = variant
    const line = { tool: 'onnxruntime', network, batch, precision, variant: name, cuda }
    if ((performance.now() - start) / 1000 > budget) {
      say({ ...line, skipped: `the budget of ${budget} s is used up` })
      continue
    }
    try {
      const { loadMs, firstMs, samples, withoutWait, values } = measured(runtime, network, variant)
      const ms = median(samples)
      keep(`onnxruntime ${network} batch ${batch}`, ms, name)
      const reference = references.get(network) ?? values
      references.set(network, reference)
      const most = reference.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
      const off = reference.reduce((max, value, i) => Math.max(max, Math.abs(value - values[i]!)), 0)
      const sorted = Float64Array.from(samples).sort()
      say({
        ...line,
        medianMs: rounded(ms),
        p10Ms: rounded(sorted[Math.floor(sorted.length / 10)]!),
        p90Ms: rounded(sorted[Math.floor(sorted.length * 0.9)]!),
        withoutWaitMs: rounded(withoutWait),
        calls: samples.length,
        loadMs: rounded(loadMs),
        firstMs: rounded(firstMs),
        differenceOfMaximum: rounded(off / most),
      })
    } catch (error) {
      say({ ...line, failed: (error as Error).message.slice(0, 600) })
    }
  }
if (onCuda) {
  // Less than the weights of any of them: the session cannot be made, and the next one can.
  const limited = (bytes: number): string => {
    try {
      measured(runtime, networks[0]!, one('limited', { gpu_mem_limit: String(bytes) }))
      return 'ran'
    } catch (error) {
      const { code, message } = failureOf(error)
      return `${code}: ${message.slice(0, 600)}`
    }
  }
  const [small, enough] = [limited(2 ** 20), limited(4 * 2 ** 30)]
  say({ check: 'gpu_mem_limit', ok: small.startsWith('OUT_OF_MEMORY') && enough === 'ran', small, enough })
}
for (const network of networks)
  for (const batch of [1, large]) {
    const [ours, theirs] = ['onnxruntime', 'pytorch'].map((tool) => best.get(`${tool} ${network} batch ${batch}`))
    if (ours) say({ network, batch, ours, theirs: theirs ?? null, ratio: theirs ? rounded(ours.ms / theirs.ms) : null })
  }
say({ seconds: rounded((performance.now() - begun) / 1000) })
