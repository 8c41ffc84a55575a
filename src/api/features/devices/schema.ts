import { type Static, Type } from 'typebox'
import { backendNames, runtimeNames } from '../../../gpu/contract.ts'
import { runtimeSettingNames } from '../../../gpu/runtimes/settings.ts'
import { deviceStateNames } from '../../../store/schema.ts'
import { nullable } from '../../schemas.ts'

export const RuntimeNameSchema = Type.Enum([...runtimeNames], { title: 'RuntimeName', description: 'What executes the network.' })
export const BackendSchema = Type.Enum([...backendNames], {
  title: 'BackendName',
  description:
    'The part of a runtime that executes: cpu and cuda are ONNX Runtime’s execution providers, tensorflow and wasm are back ends of TensorFlow.js. If left out, the first that works on the device, in the order in which the device lists them.',
})
export const PrecisionSchema = Type.Enum(['float32', 'float16'], { title: 'Precision' })

const Capabilities = Type.Object(
  {
    precisions: Type.Array(PrecisionSchema),
    separatesCopies: Type.Boolean({ description: 'Copies to and from the device are timed apart from compute.' }),
    perLayer: Type.Boolean({ description: 'It can profile layer by layer.' }),
    maxThreads: Type.Integer({ minimum: 1 }),
    settings: Type.Array(Type.Enum([...runtimeSettingNames], { title: 'RuntimeSetting' }), {
      description: 'Settings of a run that it supports; any other must have its default.',
    }),
  },
  { title: 'RuntimeCapabilities' },
)

const RuntimeOnDevice = Type.Object(
  {
    runtime: RuntimeNameSchema,
    backend: BackendSchema,
    usable: Type.Boolean({ description: 'Determined by running a tiny graph.' }),
    version: nullable(Type.String()),
    capabilities: nullable(Capabilities),
    reason: nullable(Type.String({ description: 'Why it is not usable.' })),
    command: nullable(Type.String({ description: 'A command that sets it up, where there is one.' })),
  },
  { title: 'RuntimeOnDevice' },
)

const megahertz = nullable(Type.Number({ minimum: 0, description: 'MHz; null where the host does not report it.' }))
const watts = nullable(Type.Number({ minimum: 0, description: 'W; null where the GPU has no such limit.' }))
const bytes = Type.Integer({ minimum: 0 })

const CpuFacts = Type.Object(
  {
    cores: Type.Integer({ minimum: 1, description: 'Physical cores that the service may use.' }),
    logicalCpus: Type.Integer({ minimum: 1, description: 'Of the host.' }),
    isa: Type.Array(Type.String(), { description: 'Instruction sets that decide which kernels a runtime picks.' }),
    frequencyMHz: Type.Object({ current: megahertz, max: megahertz }, { title: 'CpuFrequency' }),
    governor: nullable(Type.String({ description: 'The frequency governor.', examples: ['performance', 'schedutil'] })),
    caches: Type.Array(
      Type.Object(
        {
          level: Type.Integer({ minimum: 1, maximum: 9 }),
          type: Type.String({ examples: ['data', 'instruction', 'unified'] }),
          bytes,
          sharedBy: Type.Integer({ minimum: 0, description: 'Logical CPUs.' }),
        },
        { title: 'CpuCache' },
      ),
      { description: 'Of one core, the nearest first.' },
    ),
  },
  { title: 'CpuFacts' },
)

const Clocks = Type.Object({ graphics: megahertz, sm: megahertz, memory: megahertz }, { title: 'GpuClocks' })
const GpuFacts = Type.Object(
  {
    pciBusId: nullable(Type.String({ examples: ['00000000:1B:00.0'] })),
    cudaVersion: nullable(Type.String({ description: 'Newest CUDA version that the driver supports.' })),
    persistence: nullable(Type.Boolean({ description: 'Whether the driver stays loaded while nobody uses it.' })),
    mig: nullable(Type.Boolean({ description: 'Whether the GPU is partitioned.' })),
    ecc: nullable(Type.Boolean()),
    powerLimitWatts: Type.Object({ current: watts, default: watts, max: watts }, { title: 'GpuPowerLimit' }),
    clocksMHz: Type.Object({ current: Clocks, max: Clocks }, { title: 'GpuClockRange' }),
    processes: Type.Array(
      Type.Object({ pid: Type.Integer({ minimum: 0 }), name: Type.String(), usedBytes: nullable(bytes) }, { title: 'GpuProcess' }),
      { description: 'Processes that hold the GPU, as far as the driver shows them here.' },
    ),
  },
  { title: 'GpuFacts', description: 'As reported by the driver when the device was last checked. Null where it reports nothing.' },
)

const note = Type.String({
  maxLength: 500,
  description: 'For those whose runs wait: why, and until when.',
  examples: ['new driver, until noon'],
})

/** The state of a device, and who set it; the same in the list of devices and in the queues. */
export const stateOfDevice = {
  state: Type.Enum([...deviceStateNames, 'draining'], {
    title: 'DeviceState',
    description: 'Whether the device starts what waits for it.',
    enumDescriptions: {
      active: 'It does.',
      paused: 'It starts nothing; what it ran is back in its place in the queue.',
      drained: 'It starts nothing, and nothing runs on it any more.',
      draining: 'It starts nothing; what runs on it ends.',
    },
  }),
  hold: Type.Union(
    [
      Type.Object(
        {
          since: Type.String({ format: 'date-time', description: 'When it was paused or drained.' }),
          by: nullable(Type.String({ description: 'The beginning of the key that asked for it; null where none was needed.' })),
          note: nullable(note),
        },
        { title: 'DeviceHold', description: 'Since when the device starts nothing, and why.' },
      ),
      Type.Null(),
    ],
    { description: 'Since when it starts nothing, and why; null for an active one.' },
  ),
}

export const NewDeviceState = Type.Object(
  {
    state: Type.Enum([...deviceStateNames], {
      title: 'RequestedDeviceState',
      description: 'What the device is to do.',
      enumDescriptions: {
        active: 'Start what waits again.',
        paused: 'Start nothing, and give what runs back to its place in the queue, from where it starts anew.',
        drained: 'Start nothing; what runs ends.',
      },
    }),
    note: Type.Optional(note),
  },
  {
    title: 'DeviceStateChange',
    description: 'What a device is to do.',
    additionalProperties: false,
    examples: [{ state: 'drained', note: 'new driver, until noon' }],
  },
)
export type NewDeviceState = Static<typeof NewDeviceState>
export const DeviceParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 300, description: 'UUID or name of a device, or host/name (in an address host%2Fname).' }),
})

export const DeviceSchema = Type.Object(
  {
    name: Type.String({ description: 'On its host.', examples: ['cpu:0', 'cuda:0'] }),
    address: Type.String({ description: 'host/name: unambiguous where several hosts serve.' }),
    uuid: Type.String(),
    kind: Type.Enum(['cpu', 'cuda']),
    host: Type.String(),
    ...stateOfDevice,
    local: Type.Boolean({ description: 'Whether the service that answers runs on it.' }),
    model: Type.String(),
    memoryBytes: bytes,
    memoryFreeBytes: nullable(
      Type.Integer({ minimum: 0, description: 'As of the last check of the device, which is made every ten seconds while nothing runs.' }),
    ),
    cores: nullable(Type.Integer({ minimum: 1, description: 'Physical cores; CPU only.' })),
    driver: nullable(Type.String({ description: 'NVIDIA driver; GPU only.' })),
    computeCapability: nullable(Type.String({ description: 'GPU only.' })),
    runtimes: Type.Array(RuntimeOnDevice, {
      description: 'One entry per runtime and back end. A run that names no back end gets the first usable one of its runtime.',
    }),
    cpu: nullable(CpuFacts),
    gpu: nullable(GpuFacts),
  },
  { title: 'Device' },
)
export type DeviceAnswer = Static<typeof DeviceSchema>

export const DeviceList = Type.Object(
  {
    items: Type.Array(DeviceSchema),
    absent: Type.Array(
      Type.Object(
        { host: Type.String(), kind: Type.Enum(['cpu', 'cuda']), reason: Type.String(), command: nullable(Type.String()) },
        { title: 'AbsentDevices' },
      ),
      { description: 'Kinds of device that a host lacks, and why.' },
    ),
  },
  { title: 'DeviceList' },
)
export type DeviceListAnswer = Static<typeof DeviceList>
