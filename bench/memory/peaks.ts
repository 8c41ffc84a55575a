/**
 * Peaks of activations as ONNX Runtime's own allocator counts them, and as the engine does.
 *
 * The arena of ONNX Runtime rounds each request up to 256 bytes and tells what is in use and the most that ever was. Loading may
 * have used more than a call, so that before each call a block fills up what is between the two: what the most grows by is the call's.
 */
import type { OnnxExport } from '../../src/engine/formats/onnx-export.ts'
import type { Graph } from '../../src/engine/graph.ts'
import { inferShapes } from '../../src/engine/infer.ts'
import { placeBuffers } from '../../src/engine/memory/arena.ts'
import { aliveAt, bufferLives } from '../../src/engine/memory/lives.ts'
import { defaultDtype, widthsOf } from '../../src/engine/widths.ts'
import { IoBinding } from '../../src/gpu/runtimes/onnxruntime/c-api/binding.ts'
import { OnnxRuntime } from '../../src/gpu/runtimes/onnxruntime/c-api/library.ts'
import { InferenceSession, type SessionOptions } from '../../src/gpu/runtimes/onnxruntime/c-api/session.ts'
import { Allocator, Tensor } from '../../src/gpu/runtimes/onnxruntime/c-api/tensor.ts'
import { nativeLibrary, version } from '../../src/gpu/runtimes/onnxruntime/package.ts'

const runtime = new OnnxRuntime(nativeLibrary('cpu'), version)
const { api } = runtime
registerArena()

/** An arena for every session of this process, which gives each request its own size: by default one may get up to 128 MB more. */
function registerArena(): void {
  const keys = ['arena_extend_strategy', 'initial_chunk_size_bytes', 'max_dead_bytes_per_chunk']
  const arena = runtime.made((out) => api.CreateArenaCfgV2(keys, BigUint64Array.of(0n, 4096n, 256n), keys.length, out))
  const place = runtime.made((out) => api.CreateMemoryInfo('Cpu', 1, 0, 0, out))
  runtime.check(api.CreateAndRegisterAllocator(runtime.env, place, arena))
  api.ReleaseArenaCfg(arena)
  api.ReleaseMemoryInfo(place)
}

/** Bytes that an arena has given out: now, and at most since it was made. */
function inUse({ handle }: Allocator): { now: number; most: number } {
  const statistics = runtime.made((out) => api.AllocatorGetStats(handle, out))
  const [now, most] = ['InUse', 'MaxInUse'].map((key) => Number(api.GetKeyValue(statistics, key)))
  api.ReleaseKeyValuePairs(statistics)
  if (!Number.isSafeInteger(now) || !Number.isSafeInteger(most)) throw new Error('the allocator of ONNX Runtime tells no statistics')
  return { now: now!, most: most! }
}

/** What a call adds at its worst to what there was before it. */
function addedBy(allocator: Allocator, call: () => void): number {
  const { now, most } = inUse(allocator)
  const filling = most > now ? Tensor.make(allocator, 'float32', [Math.ceil((most - now) / 4)]) : null
  const before = inUse(allocator)
  call()
  const after = inUse(allocator)
  filling?.release()
  if (after.most === before.most && before.now < before.most) throw new Error('the call stayed below what was in use before')
  return after.most - before.now
}

/** The first call allocates tensor by tensor; by what it saw the second takes one block for all (the memory pattern). */
export function measured(model: OnnxExport, graphOptimization: SessionOptions['graphOptimization']): { peak: number; planned: number } {
  const config = { 'session.use_env_allocators': '1' }
  const session = new InferenceSession(runtime, model.model, {
    intraOpThreads: 1,
    graphOptimization,
    config,
    externalData: model.externalData,
  })
  const allocator = new Allocator(session, 'cpu')
  const binding = new IoBinding(session)
  const inputs = model.inputs.map(({ name, shape }) => {
    const tensor = Tensor.make(allocator, 'float32', shape)
    tensor.view().fill(0)
    binding.input(name, tensor)
    return tensor
  })
  const held = inputs.reduce((sum, { bytes }) => sum + bytes, 0)
  const call = () => {
    for (const { name } of model.outputs) binding.outputTo(name, allocator)
    const added = addedBy(allocator, () => binding.run())
    for (const output of binding.outputs()) api.ReleaseValue(output)
    return held + added
  }
  const [peak, planned] = [call(), call()]
  for (const each of [binding, ...inputs, allocator, session]) each.release()
  return { peak, planned }
}

/** The engine's, by its own rules but for one: who calls ONNX Runtime holds the input until the call returns. */
export function counted(graph: Graph, inPlace: boolean): { peak: number; block: number } {
  const layers = inferShapes(graph, {})
  const widths = widthsOf(graph, defaultDtype(graph))
  const { buffers } = bufferLives(graph, layers, {}, { size: widths.outputBytes, isView: widths.isView }, inPlace)
  const lives = buffers.map((life) => (life.from < 0 ? { ...life, to: layers.length } : life))
  const { start, at } = aliveAt(lives, layers.length)
  return { peak: at.reduce((most, each) => Math.max(most, each), start), block: placeBuffers(lives)!.length }
}
