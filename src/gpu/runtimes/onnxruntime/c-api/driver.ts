/** ONNX Runtime by its C API: input and output lie in memory that is bound once, on the device where there is one. */
import type { OnnxExport } from '../../../../engine/formats/onnx-export.ts'
import type { DeviceKind } from '../../../devices/device.ts'
import type { LoadRequest } from '../../contract.ts'
import { decoded, encoded, seededFeed } from '../../elements.ts'
import { defaultRuntimeSettings } from '../../settings.ts'
import { type Driver, noCpuFallback, type Opened } from '../driver.ts'
import { nativeLibrary, version } from '../package.ts'
import { IoBinding } from './binding.ts'
import { copyTensor } from './cuda-copies.ts'
import { cudaOptions } from './cuda-options.ts'
import { OnnxRuntime } from './library.ts'
import { InferenceSession } from './session.ts'
import { Allocator, Tensor } from './tensor.ts'

let loaded: { kind: DeviceKind; runtime: OnnxRuntime } | null = null
/** The library, once in a process: a worker has one device. */
function runtimeFor(kind: DeviceKind): OnnxRuntime {
  if (loaded?.kind !== kind) loaded = { kind, runtime: new OnnxRuntime(nativeLibrary(kind), version) }
  return loaded.runtime
}

/** Releases in the reverse order of the making. */
class Held {
  readonly #made: { release(): void }[] = []
  add<T extends { release(): void }>(made: T): T {
    this.#made.push(made)
    return made
  }
  release(): void {
    for (let last = this.#made.pop(); last; last = this.#made.pop()) last.release()
  }
}

async function open(request: LoadRequest, model: OnnxExport, profilePrefix?: string): Promise<Opened> {
  const held = new Held()
  try {
    return opened(request, model, profilePrefix, held)
  } catch (error) {
    held.release()
    throw error
  }
}

function opened(request: LoadRequest, model: OnnxExport, profilePrefix: string | undefined, held: Held): Opened {
  const { device, threads, precision, seed, settings = defaultRuntimeSettings } = request
  const { graphOptimization, mode } = settings
  const onCuda = device.kind === 'cuda'
  // A captured graph is one launch: there are no kernels to time in it.
  const cuda = onCuda ? cudaOptions({ ...settings, cudaGraph: settings.cudaGraph && profilePrefix === undefined }) : null
  const session = held.add(
    new InferenceSession(runtimeFor(device.kind), model.model, {
      intraOpThreads: threads,
      graphOptimization,
      externalData: model.externalData,
      ...(cuda ? { cuda, config: noCpuFallback } : {}),
      ...(profilePrefix === undefined ? {} : { profilePrefix }),
    }),
  )
  const host = held.add(new Allocator(session, onCuda ? 'pinned' : 'cpu'))
  const place = onCuda ? held.add(new Allocator(session, 'cuda')) : host
  const binding = held.add(new IoBinding(session))

  /** Pairs of a tensor on the host and the one that is bound, which on a CPU are the same. */
  const pairOf = (type: Tensor['type'], shape: readonly number[]) => {
    const bound = held.add(Tensor.make(place, type, shape))
    return { bound, host: onCuda ? held.add(Tensor.make(host, type, shape)) : bound }
  }
  const inputs = model.inputs.map((input) => {
    const { type, values } = seededFeed(input, seed, precision)
    const pair = pairOf(type, input.shape)
    pair.host.view().set(encoded(type, values))
    binding.input(input.name, pair.bound)
    return pair
  })
  const names = model.outputs.map(({ name }) => name)
  /** Null where a user's file may leave its sizes open, or state others than a run has: there each run makes its own. */
  const outputs = model.outputs.some(({ shape }) => shape.length === 0)
    ? null
    : model.outputs.map(({ name, shape }) => {
        const pair = pairOf(precision, shape)
        binding.output(name, pair.bound)
        return pair
      })
  /** What the last run made, read and let go of. */
  const made = () =>
    binding.outputs().map((value) => {
      const bound = Tensor.of(session.runtime, value)
      const to = onCuda ? Tensor.make(host, bound.type, bound.shape) : bound
      try {
        if (onCuda) copyTensor(bound, to, 'deviceToHost')
        return decoded(to.type, to.view())
      } finally {
        if (onCuda) to.release()
        bound.release()
      }
    })

  const copies = { hostToDevice: 0, deviceToHost: 0, calls: 0 }
  const bring = () => {
    for (const { host: from, bound } of inputs) copyTensor(from, bound, 'hostToDevice')
  }
  const fetch = () => {
    if (outputs) for (const { host: to, bound } of outputs) copyTensor(bound, to, 'deviceToHost')
    else made()
  }
  const compute = () => {
    // What is bound still from the last run would be held to the sizes that the file states.
    if (!outputs) for (const name of names) binding.outputTo(name, place)
    binding.run()
    if (onCuda) binding.synchronize()
  }
  const endToEnd = () => {
    const start = performance.now()
    bring()
    const brought = performance.now()
    compute()
    const computed = performance.now()
    fetch()
    copies.hostToDevice += brought - start
    copies.deviceToHost += performance.now() - computed
    copies.calls += 1
  }
  if (onCuda) bring()
  const copying = onCuda && mode === 'endToEnd'
  return {
    options: cuda ? { ...noCpuFallback, ...cuda } : {},
    run: copying ? endToEnd : compute,
    outputs() {
      if (!outputs) return made()
      if (onCuda) fetch()
      return outputs.map(({ host: { type }, host: on }) => decoded(type, on.view()))
    },
    copiesMs() {
      const { hostToDevice, deviceToHost, calls } = copies
      Object.assign(copies, { hostToDevice: 0, deviceToHost: 0, calls: 0 })
      return calls === 0 ? null : { hostToDevice: hostToDevice / calls, deviceToHost: deviceToHost / calls }
    },
    endProfiling: () => void session.endProfiling(),
    dispose: () => held.release(),
  }
}

export const cApiDriver: Driver = {
  residentByOps: false,
  separatesCopies: (kind) => kind === 'cuda',
  settings: (kind) =>
    kind === 'cuda'
      ? ['graphOptimization', 'tf32', 'mode', 'cudaGraph', 'layout', 'convSearch', 'fuseConvBias', 'gpuMemoryBytes']
      : ['graphOptimization', 'mode'],
  open,
}
