/** ONNX Runtime by the npm package's own binding, which tells CUDA which device it is and nothing else. */
import { createRequire } from 'node:module'
import type * as ort from 'onnxruntime-node'
import type { OnnxExport } from '../../../engine/formats/onnx-export.ts'
import type { DeviceKind } from '../../devices/device.ts'
import type { LoadRequest } from '../contract.ts'
import { type ElementType, elements, seededFeed } from '../elements.ts'
import { defaultRuntimeSettings } from '../settings.ts'
import type { Driver, Opened } from './driver.ts'
import { packageFor } from './package.ts'

const require = createRequire(import.meta.url)
const bindingFor = (kind: DeviceKind): typeof ort => require(packageFor(kind)) as typeof ort

async function open(request: LoadRequest, model: OnnxExport, profilePrefix?: string): Promise<Opened> {
  const { device, threads, settings = defaultRuntimeSettings } = request
  const { InferenceSession } = bindingFor(device.kind)
  const feeds = feedsFor(model, request)
  const session = await InferenceSession.create(model.model, {
    executionProviders: [device.kind === 'cuda' ? { name: 'cuda', deviceId: 0 } : 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: settings.graphOptimization,
    externalData: model.externalData,
    // `noCpuFallback`, as the binding takes it. Without, a node that CUDA cannot take would run on the CPU in silence.
    ...(device.kind === 'cuda' ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  })
  const outputs = model.outputs.map(({ name }) => name)
  const { resident } = model
  const fetched = resident?.scalars ?? outputs
  let results: ort.InferenceSession.ReturnType = {}
  return {
    options: {},
    async run() {
      results = await session.run(feeds, fetched)
    },
    async outputs() {
      // Outputs left on the device are fetched once, by a separate call.
      const made = resident ? await session.run(feeds, outputs) : results
      return outputs.map((name) => asFloat32(made[name]!))
    },
    endProfiling: () => session.endProfiling(),
    dispose: () => session.release(),
  }
}

function feedsFor(model: OnnxExport, { seed, precision, device }: LoadRequest): Record<string, ort.Tensor> {
  const { Tensor } = bindingFor(device.kind)
  if (model.resident) return { [model.resident.scale]: tensorOf(Tensor, precision, Float32Array.of(1), []) }
  return Object.fromEntries(
    model.inputs.map((input) => {
      const { type, values } = seededFeed(input, seed, precision)
      return [input.name, tensorOf(Tensor, type, values, input.shape)]
    }),
  )
}

/** @throws Error at bfloat16, of which the binding knows no tensors. */
function tensorOf(Tensor: typeof ort.Tensor, type: ElementType, values: Float32Array, shape: readonly number[]): ort.Tensor {
  if (type === 'bfloat16')
    throw new Error('the npm binding of ONNX Runtime has no tensors of bfloat16: run it on the back end "cpu" or "cuda"')
  if (type === 'float16') return float16Tensor(Tensor, values, shape)
  return new Tensor(type, elements[type].encode(values) as never, [...shape])
}

/**
 * A float16 tensor that the binding can read. It asks Node-API for the array, which knows no Float16Array in Node 24 and
 * calls it empty; what it expects is the same bits as Uint16Array, which the package's own class always wraps.
 */
function float16Tensor(Tensor: typeof ort.Tensor, values: Float32Array, shape: readonly number[]): ort.Tensor {
  const bits = new Uint16Array(Float16Array.from(values).buffer)
  return Object.assign(new Tensor('uint16', bits, [...shape]), { type: 'float16' })
}

/** ONNX Runtime gives other types as they are, 64-bit integers among them. */
const asFloat32 = ({ data }: ort.Tensor): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number)

export const nodeDriver: Driver = {
  residentByOps: true,
  separatesCopies: () => false,
  settings: (kind) => (kind === 'cuda' ? ['graphOptimization', 'tf32', 'mode'] : ['graphOptimization', 'mode']),
  open,
}
