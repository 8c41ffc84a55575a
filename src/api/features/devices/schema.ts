import { type Static, Type } from 'typebox'
import { backendNames, runtimeNames } from '../../../gpu/contract.ts'
import { nullable } from '../../schemas.ts'

export const RuntimeNameSchema = Type.Enum([...runtimeNames], { title: 'RuntimeName', description: 'What executes the network.' })
export const BackendSchema = Type.Enum([...backendNames], {
  title: 'BackendName',
  description:
    'What of a runtime executes: cpu and cuda are ONNX Runtime’s execution providers, tensorflow and wasm back ends of TensorFlow.js. Where a request leaves it out, the first that works on the device, in the order of GET /v1/devices.',
})
export const PrecisionSchema = Type.Enum(['float32', 'float16'], { title: 'Precision' })

const Capabilities = Type.Object(
  {
    precisions: Type.Array(PrecisionSchema),
    separatesCopies: Type.Boolean({ description: 'Copies to and from the device are timed apart from compute.' }),
    perLayer: Type.Boolean({ description: 'It can profile layer by layer.' }),
    maxThreads: Type.Integer({ minimum: 1 }),
  },
  { title: 'RuntimeCapabilities' },
)

const RuntimeOnDevice = Type.Object(
  {
    runtime: RuntimeNameSchema,
    backend: BackendSchema,
    usable: Type.Boolean({ description: 'Found by running a tiny graph, not by asking.' }),
    version: nullable(Type.String()),
    capabilities: nullable(Capabilities),
    reason: nullable(Type.String({ description: 'Why it is not usable.' })),
    command: nullable(Type.String({ description: 'What would mend that, where there is something.' })),
  },
  { title: 'RuntimeOnDevice' },
)

export const DeviceSchema = Type.Object(
  {
    name: Type.String({ description: 'On its host.', examples: ['cpu:0', 'cuda:0'] }),
    address: Type.String({ description: 'host/name: unambiguous where several hosts serve.' }),
    uuid: Type.String(),
    kind: Type.Enum(['cpu', 'cuda']),
    host: Type.String(),
    local: Type.Boolean({ description: 'Whether the service that answers runs on it.' }),
    model: Type.String(),
    memoryBytes: Type.Integer({ minimum: 0 }),
    cores: nullable(Type.Integer({ minimum: 1, description: 'Physical cores; CPU only.' })),
    driver: nullable(Type.String({ description: 'NVIDIA driver; GPU only.' })),
    computeCapability: nullable(Type.String({ description: 'GPU only.' })),
    runtimes: Type.Array(RuntimeOnDevice, {
      description: 'One entry a runtime and back end. Of a runtime’s usable ones the first is what a run gets that names no backend.',
    }),
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
      { description: 'Kinds of device that a host does not offer, and why.' },
    ),
  },
  { title: 'DeviceList' },
)
export type DeviceListAnswer = Static<typeof DeviceList>
