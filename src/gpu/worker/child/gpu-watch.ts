/**
 * What the GPU did while a run was timed, by nvidia-smi: one process that prints a line five times a second, and a look
 * at who holds the GPU before and after. The timing thread never waits for either: lines gather in the pipe while a call
 * blocks.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { GpuSample, GpuWatch } from '../../contract.ts'
import { type GpuProcess, nvidiaSmi } from '../../devices/nvidia-smi.ts'

const fields = ['timestamp', 'clocks.sm', 'clocks.mem', 'clocks_event_reasons.active', 'temperature.gpu', 'power.draw', 'utilization.gpu']
/** The name of a field before driver 535. */
const olderFields = fields.map((field) => field.replace('event', 'throttle'))
const everyMs = 200

const query = (names: readonly string[], uuid: string): string[] => [
  `--query-gpu=${names.join(',')}`,
  '--format=csv,noheader,nounits',
  `--id=${uuid}`,
]

/** `2026/11/24 22:10:01.123, 1980, 2619, 0x0000000000000004, 61, 412.33, 99`; null for any other line. */
export function parseSample(line: string): GpuSample | null {
  const parts = line.split(',').map((part) => part.trim())
  const time = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3})$/.exec(parts[0] ?? '')
  if (!time || parts.length !== fields.length) return null
  const [year, month, day, hour, minute, second, ms] = time.slice(1).map(Number) as [number, number, number, number, number, number, number]
  const number = (text: string) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null)
  const [, sm, memory, throttle, temperature, power, utilization] = parts as [string, string, string, string, string, string, string]
  return {
    // nvidia-smi writes local time.
    at: new Date(year, month - 1, day, hour, minute, second, ms).getTime(),
    smMHz: number(sm),
    memoryMHz: number(memory),
    throttle: /^0x[0-9a-f]+$/i.test(throttle) ? Number(throttle) : null,
    temperatureC: number(temperature),
    powerWatts: number(power),
    utilization: number(utilization),
  }
}

/** `4711, python3, 1078`: a process and its MiB, `[N/A]` where the driver does not tell. */
export function parseProcesses(csv: string): GpuProcess[] {
  return csv
    .split('\n')
    .map((line) => /^(\d+), (.*), ([^,]+)$/.exec(line.trim()))
    .filter((row) => row !== null)
    .map(([, pid, name, memory]) => ({
      pid: Number(pid),
      name: name!,
      usedBytes: /^\d+$/.test(memory!) ? Number(memory) * 2 ** 20 : null,
    }))
}

/**
 * Processes other than this one. Inside a container nvidia-smi shows the host's pids, so ours cannot be identified: one that
 * appeared with the run is taken to be ours.
 */
export function foreignProcesses(
  before: readonly GpuProcess[],
  after: readonly GpuProcess[],
  own: { pid: number; contained: boolean },
): GpuProcess[] {
  const seen = new Map([...before, ...after].map((each) => [each.pid, each]))
  if (seen.delete(own.pid)) return [...seen.values()]
  const earlier = new Set(before.map(({ pid }) => pid))
  const newcomer = after.find(({ pid }) => !earlier.has(pid)) ?? (own.contained ? after[0] : undefined)
  if (own.contained && newcomer) seen.delete(newcomer.pid)
  return [...seen.values()]
}

/** The number of the first pid namespace of every Linux (PROC_PID_INIT_INO). */
const firstNamespace = 'pid:[4026531836]'
function isContained(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') !== firstNamespace
  } catch {
    return false
  }
}

const holders = async (uuid: string): Promise<GpuProcess[]> => {
  const answer = await nvidiaSmi(['--query-compute-apps=pid,process_name,used_memory', '--format=csv,noheader,nounits', `--id=${uuid}`])
  return 'text' in answer ? parseProcesses(answer.text) : []
}

/** Begins to watch. `end` gives what was seen between two points of the wall clock, ms since 1970. */
export async function watchGpu(uuid: string): Promise<{ end(from: number, to: number): Promise<GpuWatch> }> {
  const before = await holders(uuid)
  const first = await nvidiaSmi(query(fields, uuid))
  const names = 'reason' in first ? olderFields : fields
  const lines: string[] = []
  let problem: string | null = 'reason' in first ? first.reason : null
  const child = spawn('nvidia-smi', [...query(names, uuid), `--loop-ms=${everyMs}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  child.on('error', (error) => (problem = error.message))
  readLines(child, lines)
  return {
    async end(from, to) {
      const after = await holders(uuid)
      await stopped(child)
      const all = lines.map(parseSample).filter((sample) => sample !== null)
      const inside = all.filter(({ at }) => at >= from && at <= to)
      // A timed part shorter than two lines may contain none: the nearest ones are used.
      const samples = inside.length > 0 ? inside : all.slice(-1)
      const others = foreignProcesses(before, after, { pid: process.pid, contained: isContained() })
      return { samples, others, problem: samples.length > 0 ? null : (problem ?? `nvidia-smi printed no sample: ${lines[0] ?? 'nothing'}`) }
    },
  }
}

function readLines(child: ChildProcessByStdio<null, Readable, null>, lines: string[]): void {
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
  })
}

/** Ends it, and reads what it had written. */
async function stopped(child: ChildProcessByStdio<null, Readable, null>): Promise<void> {
  if (child.pid === undefined) return
  const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : Promise.resolve()
  child.kill('SIGKILL')
  await closed
}

/** Most samples stored with a run; of more, this many at even distances. */
const mostStored = 300
export function storedWatch(watch: GpuWatch): GpuWatch {
  const every = Math.ceil(watch.samples.length / mostStored)
  return { ...watch, samples: watch.samples.filter((_, i) => i % every === 0) }
}
