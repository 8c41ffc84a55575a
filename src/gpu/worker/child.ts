import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunJob } from '../contract.ts'
import type { Device } from '../devices.ts'
import { tensorflowProblem } from '../tensorflow-folder.ts'
import { LastLines } from './last-lines.ts'

export interface WorkerExit {
  pid: number
  code: number | null
  signal: NodeJS.Signals | null
}

/** One process, from its start to its end. */
export interface Child extends WorkerExit {
  process: ChildProcess
  kind: ProcessKind | null
  scratch: string
  said: LastLines
  /** Settles when the process is gone, its output read and its files removed. */
  gone: Promise<void>
}

/** What the child is given of the environment: where things are, and what its native libraries read. No secrets. */
const passedOn = /^(PATH|HOME|TZ|LANG|LC_.*|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|TF_.*|TENSORFLOW_DIR|XDG_CACHE_HOME)$/

/**
 * What a process is started for, where not every process will do: TensorFlow takes its threads once, when it is loaded,
 * and hundreds of MB, so it gets a process for each number of threads, and no other runtime runs beside it.
 */
export interface ProcessKind {
  backend: 'tensorflow'
  /** As the settings ask for them. */
  threads: number
}

/** The kind that a job needs; null where any process does, which also tells where TensorFlow is not set up. */
export const kindFor = ({ backend, threads }: Pick<RunJob, 'backend'> & { threads: number }): ProcessKind | null =>
  backend === 'tensorflow' && tensorflowProblem() === null ? { backend, threads } : null

/**
 * The environment of a worker for this device: it sees its own GPU alone, as device 0, or none, and leaves its files,
 * and those of its libraries, in `scratch`.
 */
export function workerEnvironment(
  device: Pick<Device, 'kind' | 'uuid'>,
  scratch: string,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => passedOn.test(name))
  return { ...Object.fromEntries(kept), TMPDIR: scratch, CUDA_VISIBLE_DEVICES: device.kind === 'cuda' ? device.uuid : '' }
}

/**
 * Starts a process of this kind for the device. `onLine` gets what it writes, line by line.
 * @throws Error where its scratch folder cannot be made; a process that does not start is `gone` at once.
 */
export async function spawnChild(
  device: Device,
  kind: ProcessKind | null,
  onLine: (line: string, pid: number | undefined) => void,
): Promise<Child> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'archmeter-worker-'))
  const worker = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), [String(process.pid), scratch], {
    serialization: 'advanced',
    execArgv: [],
    env: workerEnvironment(device, scratch, process.env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const said = new LastLines((line) => onLine(line, worker.pid))
  said.read(worker.stdout!)
  said.read(worker.stderr!)
  const closed = new Promise<void>((resolve) => {
    // `close` comes after `exit`, when everything it wrote has been read; a process that never was has neither.
    worker.once('close', () => resolve())
    worker.once('error', (error) => {
      said.add(error.message)
      if (worker.pid === undefined) resolve()
    })
  })
  const child: Child = { process: worker, kind, pid: worker.pid ?? -1, code: null, signal: null, scratch, said, gone: closed }
  // Where this service exits without closing its workers, nothing of them stays.
  const onExit = () => {
    worker.kill('SIGKILL')
    rmSync(scratch, { recursive: true, force: true })
  }
  process.once('exit', onExit)
  child.gone = closed.then(async () => {
    process.off('exit', onExit)
    child.code = worker.exitCode
    child.signal = worker.signalCode
    await rm(scratch, { recursive: true, force: true })
  })
  return child
}

/** How and when it ended, with its last words. */
export function crashMessage(child: Child, during: string): string {
  const how = child.signal ? `by signal ${child.signal}` : `with code ${child.code}`
  const memory = child.signal === 'SIGKILL' ? ' (which is also how the kernel ends a process when memory runs out)' : ''
  const words = child.said.text()
  return `the worker process ${child.pid} ended ${how}${memory} during ${during}${words ? `; its last words: ${words}` : ''}`
}
