import { Piscina } from 'piscina'
import type { CostOptions, CostTotals } from '../../engine/cost.ts'
import { EngineError, type EngineErrorCode, type GraphProblem } from '../../engine/errors.ts'
import type { ExplainOptions, Explanation } from '../../engine/explain-costs.ts'
import type { Limits } from '../../engine/limits.ts'
import type { Roofline } from '../../gpu/roofline.ts'
import type { BlobFile } from '../../store/index.ts'
import type { Packed } from '../../store/packed.ts'
import { ApiError, type ErrorCode, type Problem } from '../errors.ts'
import type { OnnxTask } from '../features/architectures/onnx-file.ts'
import { type ReadArchitecture, writeGraph } from '../features/architectures/specification.ts'
import { type CostFormat, costTotals, explainGraph, writeCosts } from '../features/costs/write.ts'
import type { ExportTask, OnnxFileTask } from '../features/exports/write.ts'
import { joinProfile, type RooflineTask } from '../features/runs/join-profile.ts'
import type { TaskResult } from './worker.ts'

/** Up to this many layers, work on a stored graph is done where it is asked for: a thread would cost more time than it saves. */
const smallGraph = 400

/** A stored graph, and how large it is. */
export interface StoredGraph {
  packedGraph: Packed
  layerCount: number
}

export interface PoolOptions {
  threads: number
  limits: Limits
  /** Longest time one task may take on its thread, ms; the thread is ended then. */
  timeoutMs: number
  /** Tasks that may wait for a thread; more are refused. */
  maxQueue?: number
  /** Largest text a task may read. */
  maxBodyBytes: number
}

/**
 * Heap of one thread, MiB. V8 ends the whole process, not the thread, where JSON.parse itself meets the limit, so the
 * limit lies beyond what the densest text of the size allowed can become: 32 times its length, measured (lists in lists).
 * A layer takes less than 10 KiB while it is verified and costed.
 */
const heapMiB = ({ maxBodyBytes, limits }: PoolOptions): number => Math.ceil(256 + (48 * maxBodyBytes) / 2 ** 20 + limits.maxLayers / 100)

/**
 * Threads that read and cost architectures, so that no specification stalls the event loop: a task has a time limit
 * and a heap limit of its own, and the queue in front is bounded.
 */
export class EnginePool {
  readonly #pool: Piscina
  readonly #options: Required<PoolOptions>
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(options: PoolOptions) {
    this.#options = { maxQueue: 64, ...options }
    this.#free = options.threads
    this.#pool = new Piscina({
      filename: new URL('./worker.ts', import.meta.url).href,
      minThreads: 1,
      maxThreads: options.threads,
      idleTimeout: 60_000,
      resourceLimits: { maxOldGenerationSizeMb: heapMiB(options) },
      recordTiming: false,
    })
    // A thread that dies is reported by its task as well; the pool starts another.
    this.#pool.on('error', () => undefined)
  }

  /** Resolves when a thread has loaded the engine. */
  async ready(): Promise<void> {
    await this.#pool.run(undefined, { name: 'ready' })
  }

  /** Reads a specification, as `readArchitecture` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  read(body: Uint8Array): Promise<ReadArchitecture> {
    // A copy of its own, to hand over: the body may lie in memory that other buffers share.
    const bytes = new Uint8Array(body)
    return this.#run('read', { bytes, limits: this.#options.limits }, [bytes.buffer])
  }

  /** Reads an uploaded ONNX file, as `readOnnx` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  readOnnx(name: string, file: BlobFile): Promise<ReadArchitecture> {
    return this.#run('onnx', { name, file, limits: this.#options.limits } satisfies OnnxTask, [])
  }

  /** A graph as bytes, as `writeGraph` does. @throws LIMIT_EXCEEDED, OVERLOADED. */
  graph({ packedGraph, layerCount }: StoredGraph): Promise<Uint8Array> {
    return this.#sized(layerCount, 'graph', writeGraph, { graph: packedGraph })
  }

  /** Costs of a graph as bytes, as `writeCosts` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  costs({ packedGraph, layerCount }: StoredGraph, options: CostOptions, format: CostFormat): Promise<Uint8Array> {
    return this.#sized(layerCount, 'costs', writeCosts, { graph: packedGraph, options, format })
  }

  /** The sums of a graph's costs. @throws as `costTotals` does, LIMIT_EXCEEDED, OVERLOADED. */
  totals({ packedGraph, layerCount }: StoredGraph, options: CostOptions): Promise<CostTotals> {
    return this.#sized(layerCount, 'totals', costTotals, { graph: packedGraph, options })
  }

  /** Why two conventions differ over a graph. @throws as `explainGraph` does, LIMIT_EXCEEDED, OVERLOADED. */
  explain({ packedGraph, layerCount }: StoredGraph, options: ExplainOptions): Promise<Explanation> {
    return this.#sized(layerCount, 'explain', explainGraph, { graph: packedGraph, options })
  }

  /** A profile joined to its graph, as `joinProfile` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  roofline(layerCount: number, task: RooflineTask): Promise<Roofline> {
    return this.#sized(layerCount, 'roofline', joinProfile, task)
  }

  /** A graph as a file, as `writeExport` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  export(task: ExportTask): Promise<Uint8Array> {
    return this.#run('export', task, [])
  }

  /** A graph as an ONNX file with weights on disk, as `writeOnnxFile` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  onnxFile(task: OnnxFileTask): Promise<void> {
    return this.#run('onnxFile', task, [])
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  /** Work on a stored graph: a small one here, a large one on a thread, off the event loop. */
  async #sized<I, O>(layerCount: number, name: string, task: (input: I) => O, input: I): Promise<O> {
    return layerCount <= smallGraph ? task(input) : this.#run(name, input, [])
  }

  async #run<T>(name: string, task: unknown, transferList: ArrayBuffer[]): Promise<T> {
    // Waiting here and not in the pool's own queue, so that the time limit starts with the work.
    await this.#thread()
    let end: TaskResult<T>
    const timeout = AbortSignal.timeout(this.#options.timeoutMs)
    try {
      end = await this.#pool.run(task, { name, transferList, signal: timeout })
    } catch (cause) {
      throw refusal(cause, timeout.aborted, this.#options.timeoutMs)
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
    if (end.ok) return end.value
    const { from, code, message, errors } = end.error
    if (from === 'engine') throw new EngineError(code as EngineErrorCode, message, errors as GraphProblem[])
    throw new ApiError(code as ErrorCode, message, errors as Problem[])
  }

  /** Resolves when a thread is free and ours. @throws ApiError OVERLOADED where too many wait. */
  #thread(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free -= 1
      return undefined
    }
    if (this.#waiting.length >= this.#options.maxQueue)
      throw new ApiError('OVERLOADED', 'too many architectures are waiting to be read: try again in a few seconds', [], {
        'retry-after': '2',
      })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** A task that did not come to its end, in words for the client. */
function refusal(cause: unknown, timedOut: boolean, timeoutMs: number): unknown {
  if (timedOut) return new EngineError('LIMIT_EXCEEDED', `this architecture takes longer than ${timeoutMs} ms to work out: make it smaller`)
  if ((cause as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new EngineError('LIMIT_EXCEEDED', 'this architecture takes more memory than allowed to work out: make it smaller')
  return cause
}
