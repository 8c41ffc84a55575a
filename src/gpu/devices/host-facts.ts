import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'

/** Facts about this host that are recorded with a measurement. One that the kernel does not report is null or empty. */
export interface CpuDescription {
  model: string
  /** Cores this process may use, hyper-threads counted once, within affinity and container quota. */
  physicalCores: number
  /** All logical CPUs of the host. */
  logicalCpus: number
  /** Instruction sets that decide which kernels a runtime picks. */
  isa: string[]
  /** Of the first core, MHz; `max` is the fastest that it can be driven to. Null where the host shows none, as most virtual machines. */
  frequencyMHz: { current: number | null; max: number | null }
  /** Who chooses the frequency, `performance` or `schedutil` for example. */
  governor: string | null
  /** Of the first core, the nearest first. `sharedBy` counts logical CPUs. */
  caches: { level: number; type: string; bytes: number; sharedBy: number }[]
}

/** The flags of /proc/cpuinfo that ONNX Runtime's and XNNPACK's kernels ask for, x86 and ARM. */
const telling = new Set(
  'sse4_1 sse4_2 avx avx2 fma f16c avx512f avx512bw avx512vl avx512_vnni avx512_bf16 avx512_fp16 avx_vnni amx_tile amx_int8 amx_bf16 asimd asimdhp asimddp sve sve2 i8mm bf16'.split(
    ' ',
  ),
)

/** The CPU as the kernel describes it. */
export async function describeCpu(): Promise<CpuDescription> {
  const cpuinfo = (await text('/proc/cpuinfo')) ?? ''
  const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? ''
  return {
    model: os.cpus()[0]?.model.trim() || `${os.arch()} CPU`,
    physicalCores: await physicalCores(),
    logicalCpus: os.cpus().length,
    isa: flags.split(' ').filter((flag) => telling.has(flag)),
    frequencyMHz: {
      current: (await kilohertz('scaling_cur_freq')) ?? readFrequency(cpuinfo),
      max: await kilohertz('cpuinfo_max_freq'),
    },
    governor: (await text(`${frequencies}/scaling_governor`))?.trim() ?? null,
    caches: await caches(),
  }
}

const frequencies = '/sys/devices/system/cpu/cpu0/cpufreq'
const kilohertz = async (name: string): Promise<number | null> => {
  const value = await text(`${frequencies}/${name}`)
  return value === null ? null : Number(value) / 1000
}

/** `cpu MHz : 2596.142`, which x86 kernels show, on virtual machines too. */
const readFrequency = (cpuinfo: string): number | null => {
  const mhz = /^cpu MHz\s*:\s*([\d.]+)$/m.exec(cpuinfo)?.[1]
  return mhz === undefined ? null : Number(mhz)
}

async function caches(): Promise<CpuDescription['caches']> {
  const found: CpuDescription['caches'] = []
  for (let i = 0; ; i++) {
    const folder = `/sys/devices/system/cpu/cpu0/cache/index${i}`
    const [level, type, size, shared] = await Promise.all(
      ['level', 'type', 'size', 'shared_cpu_list'].map((name) => text(`${folder}/${name}`)),
    )
    if (!level || !type || !size) return found
    found.push({ level: Number(level), type: type.trim().toLowerCase(), bytes: cacheBytes(size), sharedBy: cpuList(shared ?? '').length })
  }
}

/** `1024K` → 1048576, as sysfs writes sizes. */
export function cacheBytes(size: string): number {
  const [, value, unit] = /^(\d+)([KMG]?)/.exec(size.trim()) ?? []
  return Number(value ?? 0) * { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit as '' | 'K' | 'M' | 'G']!
}

/** `0-3,8` → 0 1 2 3 8, the kernel's list format. */
export function cpuList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number) as [number, number?]
      return Array.from({ length: last! - first + 1 }, (_, i) => first + i)
    })
}

async function physicalCores(): Promise<number> {
  const limit = os.availableParallelism()
  const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec((await text('/proc/self/status')) ?? '')?.[1]
  if (allowed === undefined) return limit
  const siblings = await Promise.all(cpuList(allowed).map((cpu) => text(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`)))
  if (siblings.some((list) => list === null)) return limit
  return Math.max(1, Math.min(limit, new Set(siblings).size))
}

async function text(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return null
  }
}

/** Identifies this boot of the host: monotonic clocks are comparable only within it. */
export const bootId = async (): Promise<string> =>
  (await text('/proc/sys/kernel/random/boot_id'))?.trim() ?? `${os.hostname()} since ${Math.round(Date.now() / 1000 - os.uptime())}`

/** CPU time of the whole host since it started, in seconds over all CPUs; null where the kernel does not tell. */
export interface HostCpuTime {
  /** Everything except idle: this host's processes, its kernel and interrupts. */
  busy: number
  /** What the hypervisor gave to others while this host wanted to run. */
  steal: number
}

/** Ticks of /proc/stat are 1/100 s on every Linux (USER_HZ). */
const ticksPerSecond = 100

/** Reads the first line of /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice. */
export function parseCpuTime(stat: string): HostCpuTime | null {
  const line = /^cpu +(.*)$/m.exec(stat)
  if (!line) return null
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line[1]!.split(' ').map(Number)
  return { busy: (user + nice + system + irq + softirq) / ticksPerSecond, steal: steal / ticksPerSecond }
}

/** Synchronous, so that it is read exactly at the edges of the timed part. */
export function hostCpuTime(): HostCpuTime | null {
  try {
    return parseCpuTime(readFileSync('/proc/stat', 'utf8'))
  } catch {
    return null
  }
}

/**
 * Current clocks of the cores that this process may use, MHz; empty where the host does not show them, as on most virtual
 * machines. Synchronous, so that it is read between two timed calls.
 */
export function cpuFrequencies(): number[] {
  try {
    const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    return cpuList(allowed).map((cpu) => Number(readFileSync(`/sys/devices/system/cpu/cpu${cpu}/cpufreq/scaling_cur_freq`, 'utf8')) / 1000)
  } catch {
    return []
  }
}
