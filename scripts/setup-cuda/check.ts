import { setupCommand } from '../../src/gpu/cuda-folder.ts'
import type { Device, DeviceSurvey } from '../../src/gpu/devices/device.ts'
import { DeviceWorker } from '../../src/gpu/worker/parent/device-worker.ts'

/** CUDA 13 begins with this branch of the driver (CUDA Toolkit release notes, table 3). */
const oldestDriver = 580

/** Why setting up makes no sense on this host; null where it does. */
export function whyNotHere({ devices, absent }: DeviceSurvey): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `the CUDA provider comes for Linux on x64, and this is ${process.platform} on ${process.arch}`
  const gpus = devices.filter(({ kind }) => kind === 'cuda')
  if (gpus.length === 0)
    return `this host has no GPU to use: ${absent.map(({ reason, command }) => (command ? `${reason}; run: ${command}` : reason)).join('; ')}`
  const { driver } = gpus[0]!
  if (Number.parseInt(driver!, 10) < oldestDriver)
    return `the NVIDIA driver is ${driver}, and CUDA 13 needs ${oldestDriver} or newer: update the driver`
  return null
}

/** Compute capabilities that the provider has machine code for; it carries no PTX, so no other GPU can run it. */
export function isCovered(capability: string): boolean {
  const [major, minor] = capability.split('.').map(Number) as [number, number]
  // Machine code runs on later minors of its major (CUDA C++ Programming Guide, "Binary Compatibility"); 90a and 120a on their own alone.
  return (major === 7 && minor >= 5) || major === 8 || (major === 9 && minor === 0) || (major === 12 && minor === 0)
}

/** Runs a tiny graph on each GPU, in a worker process as the service has it. @returns whether all work. */
export async function tryDevices({ devices }: DeviceSurvey, folder: string, say: (line: string) => void): Promise<boolean> {
  let works = true
  for (const device of devices.filter(({ kind }) => kind === 'cuda')) works = (await tryDevice(device, folder, say)) && works
  return works
}

async function tryDevice(device: Device, folder: string, say: (line: string) => void): Promise<boolean> {
  const log = { debug() {}, warn() {} }
  const worker = new DeviceWorker(device, { log, cudaFolder: folder })
  try {
    const support = (await worker.probe()).find(({ runtime }) => runtime === 'onnxruntime')!
    if (support.usable) {
      say(`${device.name}, ${device.model}: onnxruntime ${support.version} works, with ${support.capabilities.precisions.join(' and ')}`)
      return true
    }
    const { computeCapability } = device
    const uncovered =
      computeCapability && !isCovered(computeCapability) ? ` (the provider has no code for compute capability ${computeCapability})` : ''
    const again = support.command && support.command !== setupCommand ? `; run: ${support.command}` : ''
    say(`${device.name}, ${device.model}: onnxruntime does not work: ${support.reason}${uncovered}${again}`)
    return false
  } finally {
    await worker.close()
  }
}
