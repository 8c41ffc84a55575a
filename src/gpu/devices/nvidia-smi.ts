/**
 * What the NVIDIA driver reports of its GPUs, read from nvidia-smi's XML (`nvidia-smi -q -x`, schema nvsmi_device_v12.dtd)
 * and, for values missing there, from its CSV. Its human-readable text is never parsed.
 */
import { execFile } from 'node:child_process'

/** One GPU as the driver describes it. Null for values that it does not report (`N/A`). */
export interface GpuFacts {
  uuid: string
  model: string
  driver: string
  memoryBytes: number
  memoryFreeBytes: number | null
  computeCapability: string | null
  gpu: GpuDescription
}

/** What is shown of a GPU beyond what every device has. */
export interface GpuDescription {
  pciBusId: string | null
  /** Newest CUDA version that the driver supports. */
  cudaVersion: string | null
  /** Whether the driver stays loaded while nobody uses it. */
  persistence: boolean | null
  mig: boolean | null
  ecc: boolean | null
  powerLimitWatts: { current: number | null; default: number | null; max: number | null }
  clocksMHz: { current: Clocks; max: Clocks }
  /** Processes that hold the GPU, as far as the driver shows them here. */
  processes: GpuProcess[]
}
export interface Clocks {
  graphics: number | null
  sm: number | null
  memory: number | null
}
export interface GpuProcess {
  pid: number
  name: string
  usedBytes: number | null
}

/** Why there is nothing to read, and how to fix it. */
export interface NoAnswer {
  reason: string
  command: string | null
}

const timeoutMs = 10_000

/**
 * Runs nvidia-smi. Never throws: a failure is returned as a reason, in nvidia-smi's words.
 * @returns what it wrote to stdout.
 */
export function nvidiaSmi(args: readonly string[]): Promise<{ text: string } | NoAnswer> {
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, { timeout: timeoutMs, encoding: 'utf8', maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (!error) return resolve({ text: stdout })
      if (error.code === 'ENOENT')
        return resolve({ reason: 'nvidia-smi is not on the PATH: this host has no NVIDIA driver', command: null })
      if (error.killed) return resolve({ reason: `nvidia-smi did not answer within ${timeoutMs / 1000} s`, command: null })
      const said = `${stdout}\n${stderr}`.split('\n').find((line) => line.trim() !== '')
      resolve(failure(`nvidia-smi failed with code ${error.code}: ${said?.trim() ?? 'without a message'}`))
    })
  })
}

/** Failures with a known remedy. */
const remedies: readonly [RegExp, string, string | null][] = [
  [/version mismatch/i, 'the driver was updated while the old one stayed loaded: restart the host', 'sudo reboot'],
  [/couldn't communicate|could not communicate/i, 'its kernel module is not loaded: load or reinstall the driver', 'sudo modprobe nvidia'],
  [/GPU is lost/i, 'a GPU has fallen off the bus: restart the host', 'sudo reboot'],
]
function failure(said: string): NoAnswer {
  const remedy = remedies.find(([pattern]) => pattern.test(said))
  return remedy ? { reason: `${said} (${remedy[1]})`, command: remedy[2] } : { reason: said, command: null }
}

/** Every GPU of the driver, in nvidia-smi's order, which is that of its index. */
export async function queryGpus(): Promise<GpuFacts[] | NoAnswer> {
  const [log, capabilities] = await Promise.all([
    nvidiaSmi(['-q', '-x']),
    nvidiaSmi(['--query-gpu=uuid,compute_cap', '--format=csv,noheader']),
  ])
  if ('reason' in log) return log
  return parseGpuLog(log.text, 'text' in capabilities ? parseCapabilities(capabilities.text) : new Map())
}

/** `GPU-…, 9.0`, one line per GPU: the compute capability, which is missing in the XML. */
export function parseCapabilities(csv: string): Map<string, string> {
  const rows = csv.split('\n').map((line) => /^(GPU-[0-9a-f-]+), *(\d+\.\d+)\s*$/i.exec(line))
  return new Map(rows.filter((row) => row !== null).map((row) => [row[1]!, row[2]!]))
}

/** Elements that may come once and are read as a list. */
const lists = new Set(['gpu', 'process_info'])

/** Reads what `nvidia-smi -q -x` prints. @param capabilities by UUID. */
export async function parseGpuLog(xml: string, capabilities: ReadonlyMap<string, string>): Promise<GpuFacts[] | NoAnswer> {
  // Loaded where there is XML to read: a host without a GPU, and every worker process, starts without it.
  const { XMLParser } = await import('fast-xml-parser')
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, isArray: (name) => lists.has(name) })
  let log: unknown
  try {
    log = parser.parse(xml, true).nvidia_smi_log
  } catch {
    log = undefined
  }
  // Some versions say this as text, with code 0.
  if (/no devices were found/i.test(xml)) return []
  if (!isElement(log)) return { reason: `the output of nvidia-smi cannot be read: ${xml.trim().slice(0, 200)}`, command: null }
  const driver = text(log, 'driver_version')
  const gpus = log.gpu === undefined ? [] : (log.gpu as unknown[])
  const found: GpuFacts[] = []
  for (const gpu of gpus) {
    const uuid = text(gpu, 'uuid')
    const model = text(gpu, 'product_name')
    const memoryBytes = bytes(gpu, 'fb_memory_usage', 'total')
    if (driver === null || uuid === null || !/^GPU-[0-9a-f-]+$/i.test(uuid) || model === null || memoryBytes === null)
      return {
        reason: `nvidia-smi describes a GPU without driver, UUID, name or memory: ${JSON.stringify({ driver, uuid, model, memoryBytes })}`,
        command: null,
      }
    found.push({
      uuid,
      model,
      driver,
      memoryBytes,
      memoryFreeBytes: bytes(gpu, 'fb_memory_usage', 'free'),
      computeCapability: capabilities.get(uuid) ?? null,
      gpu: {
        pciBusId: text(gpu, 'pci', 'pci_bus_id'),
        cudaVersion: text(log, 'cuda_version'),
        persistence: enabled(gpu, 'persistence_mode'),
        mig: enabled(gpu, 'mig_mode', 'current_mig'),
        ecc: enabled(gpu, 'ecc_mode', 'current_ecc'),
        powerLimitWatts: powerLimits(gpu),
        clocksMHz: { current: clocks(gpu, 'clocks'), max: clocks(gpu, 'max_clocks') },
        processes: processes(gpu),
      },
    })
  }
  return found
}

/** Drivers before 530 call the element `power_readings`, and the limit in force `power_limit`. */
function powerLimits(gpu: unknown): GpuDescription['powerLimitWatts'] {
  const limit = (...names: string[]) => {
    for (const group of ['gpu_power_readings', 'power_readings'])
      for (const name of names) {
        const watts = quantity(gpu, 'W', group, name)
        if (watts !== null) return watts
      }
    return null
  }
  return { current: limit('current_power_limit', 'power_limit'), default: limit('default_power_limit'), max: limit('max_power_limit') }
}

const clocks = (gpu: unknown, group: string): Clocks => ({
  graphics: quantity(gpu, 'MHz', group, 'graphics_clock'),
  sm: quantity(gpu, 'MHz', group, 'sm_clock'),
  memory: quantity(gpu, 'MHz', group, 'mem_clock'),
})

function processes(gpu: unknown): GpuProcess[] {
  const list = child(gpu, 'processes', 'process_info')
  return (Array.isArray(list) ? list : [])
    .map((each) => ({
      pid: Number(text(each, 'pid') ?? Number.NaN),
      name: text(each, 'process_name') ?? '',
      usedBytes: bytes(each, 'used_memory'),
    }))
    .filter(({ pid }) => Number.isSafeInteger(pid))
}

type Element = Record<string, unknown>
const isElement = (value: unknown): value is Element => typeof value === 'object' && value !== null

function child(element: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((at, name) => (isElement(at) ? at[name] : undefined), element)
}

/** The text at a path; null where there is none or the driver says that it does not apply. */
function text(element: unknown, ...path: string[]): string | null {
  const value = child(element, ...path)
  return typeof value === 'string' && value !== '' && !/^\[?(N\/A|Not Supported|Unknown Error|GPU is lost)\]?$/i.test(value) ? value : null
}

const enabled = (element: unknown, ...path: string[]): boolean | null => {
  const value = text(element, ...path)
  return value === 'Enabled' ? true : value === 'Disabled' ? false : null
}

/** `81559 MiB` → 81559. */
function quantity(element: unknown, unit: string, ...path: string[]): number | null {
  const [value, found] = text(element, ...path)?.split(' ') ?? []
  return found === unit && /^\d+(\.\d+)?$/.test(value!) ? Number(value) : null
}

const bytes = (element: unknown, ...path: string[]): number | null => {
  const mebibytes = quantity(element, 'MiB', ...path)
  return mebibytes === null ? null : mebibytes * 2 ** 20
}
