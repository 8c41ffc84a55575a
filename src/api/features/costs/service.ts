import { LRUCache } from 'lru-cache'
import { findConvention } from '../../../engine/conventions/index.ts'
import type { CostOptions, Costs } from '../../../engine/cost.ts'
import type { ExplainOptions, Explanation } from '../../../engine/explain-costs.ts'
import type { AskedSizes } from '../../../engine/formats/onnx-import/index.ts'
import type { Ranking } from '../../../engine/rank-costs.ts'
import type { DeviceKind } from '../../../gpu/devices/device.ts'
import { invalidRequest } from '../../errors.ts'
import { etagOf } from '../../plugins/caching.ts'
import type { EnginePool } from '../../pool/pool.ts'
import { type ArchitectureService, asBuffer, type StoredArchitecture } from '../architectures/service.ts'
import { askedDims } from '../architectures/upload.ts'
import { readRanking } from './ranking.ts'
import type { CostQuery, ExplainQuery } from './schema.ts'
import type { CallCost, CostFormat } from './write.ts'

/** How often this process asks whether a cached architecture still exists, which may have been looked up as long ago again. */
const existenceMs = 1000
/** Layers whose costs are parsed within a millisecond or two; those of the largest network take tens. */
const parsedAtOnce = 500

/** A finished answer: the bytes to send and their ETag. */
export interface CostAnswer {
  body: Buffer
  etag: string
  filename: string
  /** When to check next whether the architecture still exists (ms, monotonic clock). */
  knownUntil: number
}

/** Analytic costs of registered architectures. Answers are cached, since they depend on id and query alone. */
export class CostService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool
  readonly #answers: LRUCache<string, CostAnswer> | null
  /** Answers as values, so that GraphQL does not parse the same again and again. */
  readonly #values = new LRUCache<CostAnswer, Costs & { ranking?: Ranking }>({
    max: 100,
    maxSize: 2 ** 21,
    sizeCalculation: (_, { body }) => body.byteLength,
  })
  /** Answers being made, by their keys. */
  readonly #making = new Map<string, Promise<CostAnswer>>()
  /** Deleted by this process: an answer still being computed is not cached. */
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

  /** Why two conventions differ over a stored architecture. @throws EngineError as `explainCosts` does. */
  async explain(stored: StoredArchitecture, query: ExplainQuery): Promise<Explanation> {
    const { from, to, batch = 1, resolution } = query
    // Names are checked first, so that an unknown convention is refused without waiting for a process.
    for (const name of [from, to]) findConvention(name)
    const options: ExplainOptions = { from, to, batch, ...(resolution === undefined ? {} : { resolution: readResolution(resolution) }) }
    const other = await this.#architectures.atSizes(stored, { resolution: options.resolution, ...readAsked(query) })
    return other ? this.#pool.explain(other, { from, to, batch }) : this.#pool.explain(stored, options)
  }

  /** The same of the architecture with this id. @throws ApiError ARCHITECTURE_NOT_FOUND; as `explain` does. */
  async explainById(id: string, query: ExplainQuery): Promise<Explanation> {
    return this.explain(await this.#architectures.stored(id), query)
  }

  /**
   * What a call with these options needs on a kind of device; this also proves that the network works with them. @throws as
   * `costs` does.
   */
  async ofCall(id: string, { resolution, ...options }: CostOptions, kind: DeviceKind, sizes: AskedSizes = {}): Promise<CallCost> {
    const stored = await this.#architectures.stored(id)
    const other = await this.#architectures.atSizes(stored, { ...sizes, resolution })
    return this.#pool.call(other ?? stored, other || !resolution ? options : { ...options, resolution }, kind)
  }

  /**
   * Costs as bytes to send; cached ones are returned at once, without a promise.
   * @throws ApiError ARCHITECTURE_NOT_FOUND; EngineError as `computeCosts` does.
   */
  answer(id: string, query: CostQuery, format: CostFormat): CostAnswer | Promise<CostAnswer> {
    const kept = this.#answers?.get(keyOf(id, query, format))
    return kept && kept.knownUntil > performance.now() ? kept : this.#answerById(id, query, format)
  }

  async #answerById(id: string, query: CostQuery, format: CostFormat): Promise<CostAnswer> {
    // Names first: an unknown convention is one whether the architecture exists or not.
    readOptions(query)
    if (format === 'csv' && query.digits !== undefined)
      throw invalidRequest('query', [{ path: '/digits', message: 'CSV has every figure as it is: ask for JSON' }])
    return this.#answerOf(await this.#architectures.stored(id), query, format)
  }

  /**
   * Costs as a value, of an architecture that was just read from the store: the same answers as `answer` caches. Callers share it, and
   * leave it as it is.
   * @param layers whether its layers are wanted; those of a small network are brought all the same, so that one answer serves all.
   * @throws EngineError as `computeCosts` does.
   */
  async costs(stored: StoredArchitecture, query: CostQuery, layers: boolean): Promise<Costs & { ranking?: Ranking }> {
    const answer = await this.#answerOf(stored, query, 'json', layers || stored.layerCount <= parsedAtOnce)
    let value = this.#values.get(answer)
    if (!value) this.#values.set(answer, (value = JSON.parse(answer.body.toString('utf8')) as Costs & { ranking?: Ranking }))
    return value
  }

  async #answerOf(stored: StoredArchitecture, query: CostQuery, format: CostFormat, layers = true): Promise<CostAnswer> {
    const options = readOptions(query)
    const key = `${keyOf(stored.id, query, format)}${layers ? '' : ' totals'}`
    const knownUntil = performance.now() + existenceMs
    const kept = this.#answers?.get(key)
    if (kept) {
      kept.knownUntil = knownUntil
      return kept
    }
    // Counted once, however many ask meanwhile.
    let making = this.#making.get(key)
    if (!making) {
      making = this.#make(stored, query, { options, format, layers }, knownUntil)
        .then((answer) => {
          if (!this.#deleted.has(stored.id)) this.#answers?.set(key, answer)
          return answer
        })
        .finally(() => this.#making.delete(key))
      this.#making.set(key, making)
    }
    return making
  }

  async #make(
    stored: StoredArchitecture,
    query: CostQuery,
    { options, format, layers }: { options: CostOptions; format: CostFormat; layers: boolean },
    knownUntil: number,
  ): Promise<CostAnswer> {
    const { resolution, ...rest } = options
    const other = await this.#architectures.atSizes(stored, { resolution, ...readAsked(query) })
    const of = { options: other ? rest : options, format, layers, rank: readRanking(query), digits: query.digits ?? null }
    const body = asBuffer(await this.#pool.costs(other ?? stored, of))
    return {
      body,
      etag: etagOf(body),
      filename: `${stored.name.replace(/[^\w.-]+/g, '_').slice(0, 80) || stored.digest.slice(7, 19)}-${options.convention}-costs.${format}`,
      knownUntil,
    }
  }
}

/**
 * Key of a cached answer. It begins with the id, spelled as in the store, so that all answers of an architecture can be
 * found.
 */
const keyOf = (id: string, query: CostQuery, format: CostFormat): string => {
  const { convention = 'lecture', batch = 1, resolution, dtype, groupBy, sort, top, depth, digits, dims = '' } = query
  return [id.toLowerCase(), format, convention, batch, resolution, dtype, groupBy, sort, top, depth, digits, dims].join(' ')
}

/** Converts a query to the engine's options. @throws EngineError UNKNOWN_CONVENTION */
export function readOptions({
  convention = 'lecture',
  batch = 1,
  resolution,
  dtype,
}: Pick<CostQuery, 'convention' | 'batch' | 'resolution' | 'dtype'>): CostOptions {
  findConvention(convention)
  return {
    convention,
    batch,
    ...(dtype === undefined ? {} : { dtype }),
    ...(resolution === undefined ? {} : { resolution: readResolution(resolution) }),
  }
}

/** Sizes of open dims, as a query or a request for a run writes them. @throws ApiError INVALID_REQUEST. */
export const readAsked = ({ dims, inputShape }: { dims?: string | undefined; inputShape?: readonly number[] | undefined }): AskedSizes => ({
  ...(dims === undefined ? {} : { dims: askedDims(dims) }),
  ...(inputShape === undefined ? {} : { inputShape }),
})

/** `224` or `224x320` as [height, width]. */
export function readResolution(text: string): [number, number] {
  const [height, width] = text.split('x').map(Number) as [number, number?]
  return [height, width ?? height]
}
