import { randomUUID } from 'node:crypto'
import { verifyGraph } from '../../src/engine/verify.ts'
import type { BackendName, RuntimeName } from '../../src/gpu/contract.ts'
import type { Device } from '../../src/gpu/devices/device.ts'
import type { TensorflowVariant } from '../../src/gpu/tensorflow-folder.ts'
import { resolveSettings } from '../../src/gpu/timing/settings.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'

/**
 * Runs a tiny graph on each device, in a worker process as the service has it, and on a GPU holds a network's output to
 * that of ONNX Runtime on the CPU. @returns whether it works where it is to.
 */
export async function tryDevices(devices: readonly Device[], variant: TensorflowVariant, say: (line: string) => void): Promise<boolean> {
  let works = true
  for (const device of devices) {
    if (device.kind === 'cuda' && variant === 'cpu') say(`${device.name}, ${device.model}: not set up; it takes -- --variant cuda`)
    else works = (await tryDevice(device, say)) && (device.kind === 'cpu' || (await agrees(device, devices, say))) && works
  }
  return works
}

/** Every kind of kernel that a convolutional network takes from CUDA's libraries: cuDNN, cuBLAS and TensorFlow's own. */
const network = verifyGraph({
  input: { shape: [16, 56, 56] },
  layers: [
    { type: 'Conv2d', outChannels: 64, kernelSize: 7, stride: 2, padding: 3, bias: false },
    { type: 'BatchNorm2d' },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernelSize: 3, stride: 2, padding: 1 },
    { type: 'Conv2d', outChannels: 64, kernelSize: 3, padding: 1, groups: 4 },
    { type: 'Conv2d', outChannels: 64, kernelSize: 3, padding: 1, groups: 64 },
    { type: 'Conv2d', outChannels: 128, kernelSize: 1 },
    { type: 'ReLU' },
    { type: 'AvgPool2d', kernelSize: 2 },
    { type: 'Flatten' },
    { type: 'Linear', outFeatures: 256 },
    { type: 'LayerNorm' },
    { type: 'Linear', outFeatures: 100 },
    { type: 'Softmax' },
  ],
})
/** As a share of the largest output. TF32 keeps 10 bits of mantissa: six networks were within 0.0005 on an H200. */
const tolerance = 0.01

async function agrees(device: Device, devices: readonly Device[], say: (line: string) => void): Promise<boolean> {
  const cpu = devices.find(({ kind }) => kind === 'cpu')!
  const [here, there] = [await outputOf(device, 'tfjs', 'tensorflow'), await outputOf(cpu, 'onnxruntime', 'cpu')]
  if (typeof here === 'string' || typeof there === 'string') {
    say(`${device.name}, ${device.model}: the check of outputs did not run: ${typeof here === 'string' ? here : there}`)
    return false
  }
  const most = here.reduce((largest, value, i) => Math.max(largest, Math.abs(value - there[i]!)), 0)
  const share = most / there.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  const good = here.length === there.length && share <= tolerance
  say(
    `${device.name}, ${device.model}: the output of ${network.layers.length} layers is ${good ? 'that of' : 'NOT that of'} ONNX Runtime on ${cpu.name} (${share.toExponential(1)} of the largest apart, ${tolerance} is allowed)`,
  )
  return good
}

async function outputOf(device: Device, runtime: RuntimeName, backend: BackendName): Promise<Float32Array | string> {
  const worker = new DeviceWorker(device, { log: { debug() {}, warn() {} } })
  try {
    const settings = resolveSettings({ warmupMs: 0, minDurationMs: 1, maxDurationMs: 1000, minSamples: 1 })
    const job = { runId: randomUUID(), graph: network, runtime, backend, device, batch: 2, precision: 'float32' as const, resolution: null }
    const outcome = await worker.execute({ ...job, profile: false, settings }, { timeoutMs: 120_000 })
    return outcome.outcome === 'succeeded' ? outcome.success.outputs : JSON.stringify(outcome)
  } finally {
    await worker.close()
  }
}

async function tryDevice(device: Device, say: (line: string) => void): Promise<boolean> {
  const lines: string[] = []
  const debug = (data: object) => {
    if ('line' in data) lines.push(String(data.line))
  }
  const worker = new DeviceWorker(device, { log: { debug, warn() {} } })
  try {
    const support = (await worker.probe()).find(({ backend }) => backend === 'tensorflow')!
    if (support.usable) {
      const where =
        device.kind === 'cuda' ? 'on the GPU (isUsingGpuDevice)' : `on the CPU, up to ${support.capabilities.maxThreads} threads`
      say(`${device.name}, ${device.model}: a tiny graph ran ${where}. tfjs, back end tensorflow: ${support.version}`)
      return true
    }
    say(`${device.name}, ${device.model}: the back end tensorflow does not work: ${support.reason}`)
    for (const line of lines.slice(-20)) say(`  it said: ${line}`)
    return false
  } finally {
    await worker.close()
  }
}
