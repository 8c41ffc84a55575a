import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BackendName, RunJob, RuntimeName } from '../../contract.ts'
import { libraryFolder } from '../../cuda-folder.ts'
import type { Device } from '../../devices/device.ts'
import { tensorflowFolder, tensorflowLibraryFolders, tensorflowProblem } from '../../tensorflow-folder.ts'
import { LastLines } from './last-lines.ts'
import { limitedCommand } from './limited.ts'

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
  /** Resolves when the process is gone, its output read and its files removed; never rejects. */
  gone: Promise<void>
}

/** What the child is given of the environment: where things are, and what its native libraries read. No secrets. */
const passedOn =
  /^(PATH|HOME|TZ|LANG|LC_.*|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_.*|NVIDIA_.*|TF_.*|TENSORFLOW_DIR|XDG_CACHE_HOME|NODE_COMPILE_CACHE)$/

/**
 * What a process is started for, where not every process will do: libraries read some things once, from the environment
 * they are loaded in.
 */
export interface ProcessKind {
  runtime: RuntimeName
  backend: BackendName
  /** As the settings ask for them, where the back end takes them once; null elsewhere. */
  threads: number | null
  /** Of a GPU. */
  tf32: boolean
  /** Of a GPU: whether each launch waits until its kernel is done, without which a profile holds the time of launches. */
  launchBlocking: boolean
}

/** What a job, or the probe of a back end, asks of its process. */
export type ProcessNeeds = Pick<RunJob, 'runtime' | 'backend'> & {
  device: Pick<Device, 'kind'>
  settings: { threads: number; tf32: boolean }
}

/**
 * The kind that a job needs; null where any process does. On a GPU each runtime has processes of its own, since their
 * CUDA libraries differ under the same names. TensorFlow has hundreds of MB and takes its threads when it is loaded, so
 * nothing else runs beside it; where it is not set up, any process can say so.
 * @param profiles whether it times layers and not calls.
 */
export function kindFor({ device, runtime, backend, settings }: ProcessNeeds, profiles: boolean): ProcessKind | null {
  const tensorflow = backend === 'tensorflow' && tensorflowProblem() === null
  if (device.kind !== 'cuda' && !tensorflow) return null
  const onGpu = device.kind === 'cuda'
  return {
    runtime,
    backend,
    threads: tensorflow ? settings.threads : null,
    tf32: onGpu ? settings.tf32 : true,
    launchBlocking: onGpu && profiles,
  }
}

/** How worker processes are set up. */
export interface ProcessOptions {
  /** Filled by the set-up of CUDA; its libraries are for onnxruntime alone, since TensorFlow brings others of the same names. */
  cudaFolder: string
  /** Most memory the process may take, bytes; 0: as much as there is. */
  memoryBytes: number
  /** What it executes. */
  program: string
}
export const workerProgram = fileURLToPath(new URL('../child/main.ts', import.meta.url))

/**
 * The environment of a worker for this device: it sees its own GPU alone, as device 0, or none, and leaves its files,
 * and those of its libraries, in `scratch`.
 */
export function workerEnvironment(
  device: Pick<Device, 'kind' | 'uuid'>,
  kind: ProcessKind | null,
  scratch: string,
  { cudaFolder, memoryBytes }: Pick<ProcessOptions, 'cudaFolder' | 'memoryBytes'>,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = { TMPDIR: scratch, CUDA_VISIBLE_DEVICES: device.kind === 'cuda' ? device.uuid : '' }
  if (memoryBytes > 0) own.WORKER_MEMORY_BYTES = String(memoryBytes)
  const onGpu = device.kind === 'cuda'
  if (onGpu) own.CUDA_DIR = cudaFolder
  if (kind) {
    // Not what the service itself was started with: CUDA reads these once, and they decide what is timed.
    own.NVIDIA_TF32_OVERRIDE = kind.tf32 ? undefined : '0'
    own.CUDA_LAUNCH_BLOCKING = kind.launchBlocking ? '1' : undefined
    const folders =
      kind.runtime === 'onnxruntime' ? [libraryFolder(cudaFolder)] : onGpu ? tensorflowLibraryFolders(tensorflowFolder(), cudaFolder) : []
    if (folders.length > 0) own.LD_LIBRARY_PATH = [...folders, environment.LD_LIBRARY_PATH].filter((folder) => folder).join(path.delimiter)
  }
  const kept = Object.entries(environment).filter(([name]) => passedOn.test(name))
  return { ...Object.fromEntries(kept), ...own }
}

/**
 * Starts a process of this kind for the device. `onLine` gets what it writes, line by line.
 * @throws Error where its scratch folder cannot be made; a process that does not start is `gone` at once.
 */
export async function spawnChild(
  device: Device,
  kind: ProcessKind | null,
  options: ProcessOptions,
  onLine: (line: string, pid: number | undefined) => void,
): Promise<Child> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'archmeter-worker-'))
  const [command, args] = limitedCommand([process.execPath, options.program, String(process.pid), scratch], options)
  const worker = spawn(command, args, {
    serialization: 'advanced',
    env: workerEnvironment(device, kind, scratch, options, process.env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const said = new LastLines((line) => onLine(line, worker.pid))
  const closed = new Promise<void>((resolve) => {
    // `close` comes after `exit`, when all output has been read; a process that never started has neither.
    worker.once('close', () => resolve())
    worker.once('error', (error) => {
      said.add(error.message)
      if (worker.pid === undefined) resolve()
    })
  })
  // Both are missing where this process has no file descriptors left; the error event then reports it.
  for (const stream of [worker.stdout, worker.stderr]) if (stream) said.read(stream)
  const child: Child = { process: worker, kind, pid: worker.pid ?? -1, code: null, signal: null, scratch, said, gone: closed }
  // Kills the workers if this service exits without closing them.
  const onExit = () => {
    worker.kill('SIGKILL')
    rmSync(scratch, { recursive: true, force: true })
  }
  process.once('exit', onExit)
  child.gone = closed.then(async () => {
    process.off('exit', onExit)
    child.code = worker.exitCode
    child.signal = worker.signalCode
    // A folder that cannot be removed must not stop the device.
    await rm(scratch, { recursive: true, force: true }).catch((error: Error) => onLine(`${scratch} stays: ${error.message}`, worker.pid))
  })
  return child
}

/** How and when it ended, with its last output. */
export function crashMessage(child: Child, during: string): string {
  const how = child.signal ? `by signal ${child.signal}` : `with code ${child.code}`
  const memory = child.signal === 'SIGKILL' ? ' (which is also how the kernel ends a process when memory runs out)' : ''
  const words = child.said.text()
  return `the worker process ${child.pid} ended ${how}${memory} during ${during}${words ? `; its last words: ${words}` : ''}`
}
