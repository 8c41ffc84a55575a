import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { findConvention } from '../../../engine/conventions/index.ts'
import { type CostOptions, type Costs, computeCosts } from '../../../engine/cost.ts'
import { type ExplainOptions, type Explanation, explainCosts } from '../../../engine/explain-costs.ts'
import type { Graph } from '../../../engine/graph.ts'
import { unpack } from '../../../store/packed.ts'
import type { EnginePool } from '../../pool/pool.ts'
import { type CostFormat, writeCosts } from '../../pool/tasks.ts'
import { type ArchitectureService, asBuffer, type StoredArchitecture, smallGraph } from '../architectures/service.ts'
import type { CostQuery, ExplainQuery } from './schema.ts'

/** How long this process goes without asking whether an architecture still exists: another may have deleted it. */
const existenceMs = 2000

/** A finished answer: bytes to send and what names them. */
export interface CostAnswer {
  body: Buffer
  etag: string
  filename: string
  /** Until then (ms since the epoch) nobody asks whether the architecture still exists. */
  knownUntil: number
}

/** Analytic costs of registered architectures. Answers are kept, since they follow from id and query alone. */
export class CostService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool
  readonly #answers: LRUCache<string, CostAnswer> | null
  /** Deleted on this process: an answer still being worked out is not kept. */
  readonly #deleted = new LRUCache<string, true>({ max: 10_000 })

  constructor({ architectures, pool, cacheBytes }: { architectures: ArchitectureService; pool: EnginePool; cacheBytes: number }) {
    this.#architectures = architectures
    this.#pool = pool
    this.#answers =
      cacheBytes > 0
        ? new LRUCache({ maxSize: cacheBytes, sizeCalculation: ({ body }, key) => body.byteLength + 2 * key.length + 300 })
        : null
    architectures.onForget((id) => {
      this.#deleted.set(id, true)
      for (const key of this.#answers?.keys() ?? []) if (key.startsWith(id)) this.#answers?.delete(key)
    })
  }

  /** Costs of a stored architecture as a value. @throws EngineError as `computeCosts` does. */
  async costs({ packedGraph, layerCount }: StoredArchitecture, query: CostQuery): Promise<Costs> {
    const options = readOptions(query)
    if (layerCount <= smallGraph) return computeCosts(unpack(packedGraph) as Graph, options)
    return JSON.parse(asBuffer(await this.#pool.costs(packedGraph, options, 'json')).toString('utf8'))
  }

  /** Why two conventions differ over a stored architecture. @throws EngineError as `explainCosts` does. */
  async explain({ packedGraph, layerCount }: StoredArchitecture, query: ExplainQuery): Promise<Explanation> {
    const { from, to, batch = 1, resolution } = query
    // Names first: a large graph need not wait for a thread to hear that there is no such convention.
    for (const name of [from, to]) findConvention(name)
    const options: ExplainOptions = { from, to, batch, ...(resolution === undefined ? {} : { resolution: readResolution(resolution) }) }
    return layerCount <= smallGraph ? explainCosts(unpack(packedGraph) as Graph, options) : this.#pool.explain(packedGraph, options)
  }

  /** The same of the architecture with this id. @throws ApiError ARCHITECTURE_NOT_FOUND; as `explain` does. */
  async explainById(id: string, query: ExplainQuery): Promise<Explanation> {
    return this.explain(await this.#architectures.stored(id), query)
  }

  /** Multiply-adds of a call with these options, which thereby are known to go through the network. @throws as `costs` does. */
  async macs(id: string, options: CostOptions): Promise<number> {
    const { packedGraph, layerCount } = await this.#architectures.stored(id)
    if (layerCount <= smallGraph) return computeCosts(unpack(packedGraph) as Graph, options).totals.macs
    return JSON.parse(asBuffer(await this.#pool.costs(packedGraph, options, 'json')).toString('utf8')).totals.macs
  }

  /**
   * Costs as bytes to send; kept ones come back at once, without a promise.
   * @throws ApiError ARCHITECTURE_NOT_FOUND; EngineError as `computeCosts` does.
   */
  answer(id: string, query: CostQuery, format: CostFormat): CostAnswer | Promise<CostAnswer> {
    const key = `${id} ${format} ${query.convention ?? 'lecture'} ${query.batch ?? 1} ${query.resolution ?? ''} ${query.dtype ?? 'float32'}`
    const kept = this.#answers?.get(key)
    if (kept && kept.knownUntil > Date.now()) return kept
    return this.#work(id, query, format, key, kept)
  }

  async #work(id: string, query: CostQuery, format: CostFormat, key: string, kept: CostAnswer | undefined): Promise<CostAnswer> {
    const options = readOptions(query)
    const { packedGraph, layerCount, digest, name } = await this.#architectures.stored(id)
    const knownUntil = Date.now() + existenceMs
    if (kept) {
      kept.knownUntil = knownUntil
      return kept
    }
    const task = { graph: packedGraph, options, format }
    const body = asBuffer(layerCount <= smallGraph ? writeCosts(task) : await this.#pool.costs(packedGraph, options, format))
    const answer = {
      body,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
      filename: `${name.replace(/[^\w.-]+/g, '_').slice(0, 80) || digest.slice(7, 19)}-${options.convention}-costs.${format}`,
      knownUntil,
    }
    if (!this.#deleted.has(id)) this.#answers?.set(key, answer)
    return answer
  }
}

/** A query as the engine takes it. @throws EngineError UNKNOWN_CONVENTION */
function readOptions({ convention = 'lecture', batch = 1, resolution, dtype = 'float32' }: CostQuery): CostOptions {
  findConvention(convention)
  return { convention, batch, dtype, ...(resolution === undefined ? {} : { resolution: readResolution(resolution) }) }
}

/** `224` or `224x320` as [height, width]. */
export function readResolution(text: string): [number, number] {
  const [height, width] = text.split('x').map(Number) as [number, number?]
  return [height, width ?? height]
}
