import type { Device } from '../../src/gpu/devices/device.ts'
import type { TensorflowVariant } from '../../src/gpu/tensorflow-folder.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'

/** Runs a tiny graph on each device, in a worker process as the service has it. @returns whether it works where it is to. */
export async function tryDevices(devices: readonly Device[], variant: TensorflowVariant, say: (line: string) => void): Promise<boolean> {
  let works = true
  for (const device of devices) {
    if (device.kind === 'cuda' && variant === 'cpu') say(`${device.name}, ${device.model}: not set up; it takes -- --variant cuda`)
    else works = (await tryDevice(device, say)) && works
  }
  return works
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
