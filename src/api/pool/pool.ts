import type { Advice, AdviceOptions } from '../../engine/advice/advise.ts'
import type { CostComparison } from '../../engine/compare-costs.ts'
import type { CostOptions } from '../../engine/cost.ts'
import { EngineError, type EngineErrorCode, type GraphViolation } from '../../engine/errors.ts'
import type { ExplainOptions, Explanation } from '../../engine/explain-costs.ts'
import type { Limits } from '../../engine/limits.ts'
import type { Placement, PlacementOptions } from '../../engine/placement/index.ts'
import { presetNames } from '../../engine/zoo/index.ts'
import type { DeviceKind } from '../../gpu/devices/device.ts'
import type { Packed } from '../../store/packed.ts'
import { ApiError, type ErrorCode, type Violation } from '../errors.ts'
import type { OnnxAtTask, OnnxTask } from '../features/architectures/onnx-file.ts'
import { type ReadArchitecture, writeGraph } from '../features/architectures/specification.ts'
import { type CompareTask, compareGraphs } from '../features/compare/write.ts'
import { type CallCost, type CostTask, costOfCall, explainGraph, writeCosts } from '../features/costs/write.ts'
import type { ExportTask, OnnxFileTask } from '../features/exports/write.ts'
import { type Memory, type MemoryTask, timesCosted } from '../features/memory/write.ts'
import { timesPlaced } from '../features/placement/write.ts'
import type { LearnTask, Learnt } from '../features/prediction/learn.ts'
import { type Predicted, type PredictTask, predict } from '../features/prediction/predict.ts'
import type { RewriteAnswer, RewriteTask } from '../features/rewrites/write.ts'
import { joinProfile, type RooflineTask } from '../features/runs/join-profile.ts'
import type { PresetFigures } from '../features/zoo/figures.ts'
import { bufferBytes, heapMiB, idleMs, largestIdle, largestShared, longestLife, startMs, writeSeconds } from './limits.ts'
import { EngineProcess, EngineProcessEnded } from './process.ts'
import type { TaskName, TaskResult } from './tasks.ts'

/** Up to this many layers, work on a stored graph is done where it is asked for: crossing to a process would cost more time than it saves. */
const smallGraph = 400

/** A stored graph, and how large it is. */
export interface StoredGraph {
  packedGraph: Packed
  layerCount: number
}

/** What the pool needs of a logger: pino's, or the console. */
export interface PoolLog {
  warn(data: object, message: string): void
}

export interface PoolOptions {
  /** Processes at a time. */
  processes: number
  limits: Limits
  /** Longest time that one task may take, ms; its process is ended then. */
  timeoutMs: number
  /** Tasks that may wait for a process; more are refused. */
  maxQueue?: number
  /** Largest text a task may read. */
  maxBodyBytes: number
  log?: PoolLog
}

/**
 * Processes that read and cost architectures: a specification takes neither memory nor time of the service itself. Each task
 * has limits, a process that dies fails only its task, and the queue in front is bounded.
 */
export class EnginePool {
  readonly #options: Required<PoolOptions>
  #free: number
  readonly #waiting: (() => void)[] = []
  /** Alive and without a task, the last used last. */
  readonly #idle: EngineProcess[] = []
  readonly #alive = new Set<EngineProcess>()
  readonly #trim: NodeJS.Timeout
  #closed = false
  readonly #onExit = () => {
    for (const each of this.#alive) each.end()
  }

  constructor(options: PoolOptions) {
    this.#options = { maxQueue: 64, log: { warn() {} }, ...options }
    this.#free = options.processes
    this.#idle.push(this.#start())
    // One is kept for the next request; more were for a burst that is over.
    this.#trim = setInterval(() => this.#idle.length > 1 && this.#idle.shift()!.end(), idleMs).unref()
    // Ends the processes if the service exits without closing the pool.
    process.once('exit', this.#onExit)
  }

  /** Resolves when a process has loaded the engine. @throws EngineProcessEnded where none starts. */
  async ready(): Promise<void> {
    await this.#idle[0]?.ready()
  }

  /** Reads a specification, as `readArchitecture` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  read(body: Uint8Array): Promise<ReadArchitecture> {
    return this.#run('read', { bytes: body, limits: this.#options.limits })
  }

  /** Reads an uploaded ONNX file, as `readOnnx` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  readOnnx(upload: Omit<OnnxTask, 'limits'>): Promise<ReadArchitecture> {
    const readsBytes = upload.file.bytes + (upload.data ?? []).reduce((sum, each) => sum + each.file.bytes, 0)
    return this.#run('onnx', { ...upload, limits: this.#options.limits } satisfies OnnxTask, { readsBytes })
  }

  /** A kept file at other sizes, as `readOnnxAt` does. @param readsBytes of all its files. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  readOnnxAt(task: Omit<OnnxAtTask, 'limits'>, readsBytes: number): Promise<{ graph: Packed; layerCount: number } | null> {
    return this.#run('onnxAt', { ...task, limits: this.#options.limits } satisfies OnnxAtTask, { readsBytes })
  }

  /** A graph as bytes, as `writeGraph` does. @throws LIMIT_EXCEEDED, OVERLOADED. */
  graph({ packedGraph, layerCount }: StoredGraph): Promise<Uint8Array> {
    return this.#sized(layerCount, 'graph', writeGraph, { graph: packedGraph })
  }

  /** Costs of a graph as bytes, as `writeCosts` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  costs({ packedGraph, layerCount }: StoredGraph, task: Omit<CostTask, 'graph'>): Promise<Uint8Array> {
    return this.#sized(layerCount, 'costs', writeCosts, { graph: packedGraph, ...task })
  }

  /** Networks side by side, of so many layers together, as `compareGraphs` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  compare(layerCount: number, task: CompareTask): Promise<CostComparison> {
    return this.#sized(layerCount, 'compare', compareGraphs, task)
  }

  /** What one call of a graph takes. @throws as `costOfCall` does, LIMIT_EXCEEDED, OVERLOADED. */
  call({ packedGraph, layerCount }: StoredGraph, options: CostOptions, kind: DeviceKind): Promise<CallCost> {
    return this.#sized(layerCount, 'call', costOfCall, { graph: packedGraph, options, kind })
  }

  /** Why two conventions differ over a graph. @throws as `explainGraph` does, LIMIT_EXCEEDED, OVERLOADED. */
  explain({ packedGraph, layerCount }: StoredGraph, options: ExplainOptions): Promise<Explanation> {
    return this.#sized(layerCount, 'explain', explainGraph, { graph: packedGraph, options })
  }

  /** A profile joined to its graph, as `joinProfile` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  roofline(layerCount: number, task: RooflineTask): Promise<ReturnType<typeof joinProfile>> {
    return this.#sized(layerCount, 'roofline', joinProfile, task)
  }

  /** What runs tell of their device, as `learn` does. @throws LIMIT_EXCEEDED, OVERLOADED. */
  learn(task: LearnTask): Promise<Learnt | null> {
    return this.#run('learn', task, { networks: task.networks.length })
  }

  /** The latency of every preset of the zoo, as `predictZoo` does. @throws LIMIT_EXCEEDED, OVERLOADED. */
  predictZoo(task: Pick<PredictTask, 'model' | 'precision'>): Promise<Record<string, number>> {
    return this.#run('predictZoo', task, { networks: presetNames.length })
  }

  /** The latency of a graph, as `predict` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  predict({ packedGraph, layerCount }: StoredGraph, task: Omit<PredictTask, 'graph'>): Promise<Predicted> {
    return this.#sized(layerCount, 'predict', predict, { graph: packedGraph, ...task })
  }

  /** What each preset of the zoo costs, as `presetFigures` does. @throws LIMIT_EXCEEDED, OVERLOADED. */
  zoo(): Promise<Record<string, PresetFigures>> {
    return this.#run('zoo', null, { networks: presetNames.length })
  }

  /** A graph as a file, as `writeExport` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  export(task: ExportTask): Promise<Uint8Array> {
    return this.#run('export', task)
  }

  /** A graph of so many parameters as an ONNX file with weights on disk, as `writeOnnxFile` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  onnxFile(task: OnnxFileTask, params: number): Promise<void> {
    return this.#run('onnxFile', task, { writesBytes: 4 * params })
  }

  /** Advice on a graph, as `advise` gives it. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  advise({ packedGraph }: StoredGraph, options: AdviceOptions): Promise<Advice> {
    return this.#run('advice', { graph: packedGraph, options: { ...options, limits: this.#options.limits } })
  }

  /** What of a graph is in memory when, as `memoryOf` says. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  memory({ packedGraph }: StoredGraph, options: MemoryTask['options'], bytes: number | null): Promise<Memory> {
    return this.#run('memory', { graph: packedGraph, options, bytes } satisfies MemoryTask, { networks: timesCosted(bytes !== null) })
  }

  /** A graph split over devices, as `placeStored` does. @throws as it does, LIMIT_EXCEEDED, OVERLOADED. */
  place({ packedGraph }: StoredGraph, options: PlacementOptions): Promise<Placement> {
    return this.#run('placement', { graph: packedGraph, options }, { networks: timesPlaced })
  }

  /**
   * A recipe applied to a graph, as `rewriteStored` does.
   * @param fileBytes of the file with its weights: it is read, and one like it written and read again; matrices may be factored.
   * @throws as it does, LIMIT_EXCEEDED, OVERLOADED.
   */
  rewrite({ packedGraph }: StoredGraph, task: Omit<RewriteTask, 'graph' | 'limits'>, fileBytes = 0): Promise<RewriteAnswer> {
    const whole: RewriteTask = { ...task, graph: packedGraph, limits: this.#options.limits }
    return this.#run('rewrite', whole, { readsBytes: 3 * fileBytes, writesBytes: fileBytes, networks: task.register?.file ? 6 : 1 })
  }

  /** Ends every process; a task under way fails. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#trim)
    process.off('exit', this.#onExit)
    const alive = [...this.#alive]
    for (const each of alive) each.end()
    await Promise.all(alive.map((each) => each.gone))
  }

  /** Work on a stored graph: a small one here, a large one in a process, off the event loop. */
  async #sized<I, O>(layerCount: number, name: TaskName, task: (input: I) => O, input: I): Promise<O> {
    return layerCount <= smallGraph ? task(input) : this.#run(name, input)
  }

  /**
   * @param bytes.readsBytes of the file that the task reads into memory.
   * @param bytes.writesBytes of the file that it writes, which gives it more time.
   * @param bytes.networks that it costs: the limit of time is for one.
   */
  async #run<T>(name: TaskName, task: unknown, { readsBytes = 0, writesBytes = 0, networks = 1 } = {}): Promise<T> {
    await this.#turn()
    const own = readsBytes > largestShared
    const engine = own ? this.#start(readsBytes) : (this.#idle.pop() ?? this.#start())
    const timeoutMs = networks * this.#options.timeoutMs + 1000 * writeSeconds(writesBytes)
    let timedOut = false
    let timer = setTimeout(() => engine.end(), startMs)
    let result: TaskResult<T>
    try {
      await engine.ready()
      clearTimeout(timer)
      timer = setTimeout(() => {
        timedOut = true
        engine.end()
      }, timeoutMs)
      result = await engine.run<T>(name, task)
    } catch (cause) {
      throw this.#refusal(cause, name, timedOut ? timeoutMs : null, own ? readsBytes : 0)
    } finally {
      clearTimeout(timer)
      this.#release(engine, own)
    }
    if (result.ok) return result.value
    const { from, code, message, errors } = result.error
    if (from === 'engine') throw new EngineError(code as EngineErrorCode, message, errors as GraphViolation[])
    throw new ApiError(code as ErrorCode, message, errors as Violation[])
  }

  #start(fileBytes = 0): EngineProcess {
    const engine = new EngineProcess({
      heapMiB: heapMiB(this.#options),
      bufferBytes: bufferBytes + fileBytes,
      cpuSeconds: 2 * (longestLife + this.#options.timeoutMs / 1000 + writeSeconds(Number.POSITIVE_INFINITY)),
    })
    this.#alive.add(engine)
    void engine.gone.then(() => {
      this.#alive.delete(engine)
      const at = this.#idle.indexOf(engine)
      if (at >= 0) this.#idle.splice(at, 1)
    })
    return engine
  }

  /** Takes back a process after its task: keeps it for the next one, or ends it and starts another. */
  #release(engine: EngineProcess, own: boolean): void {
    if (!engine.ended && (own || engine.residentBytes > largestIdle || engine.cpuSeconds > longestLife)) engine.end()
    if (!engine.ended) this.#idle.push(engine)
    else if (this.#idle.length === 0 && !this.#closed) this.#idle.push(this.#start())
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free += 1
  }

  /** Resolves when a process may be used. @throws ApiError OVERLOADED where too many wait. */
  #turn(): Promise<void> | undefined {
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

  /** Explains to the client why a task did not finish. */
  #refusal(cause: unknown, task: TaskName, timeoutMs: number | null, fileBytes: number): unknown {
    const { log } = this.#options
    if (timeoutMs !== null)
      return new EngineError(
        'LIMIT_EXCEEDED',
        `this architecture takes longer than ${Math.round(timeoutMs)} ms to compute: make it smaller`,
      )
    if (!(cause instanceof EngineProcessEnded) || this.#closed) return cause
    log.warn({ task, reason: cause.message }, 'a task ended the process that it ran in')
    if (!cause.outOfMemory) return cause
    const most = heapMiB(this.#options) + Math.round((bufferBytes + fileBytes) / 2 ** 20)
    return new EngineError(
      'LIMIT_EXCEEDED',
      `this architecture takes more than the ${most} MiB of memory allowed for computing it: make it smaller`,
    )
  }
}
