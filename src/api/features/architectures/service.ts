import type { Costs } from '../../../engine/cost.ts'
import type { AskedSizes } from '../../../engine/formats/onnx-import/index.ts'
import { type ArchitectureFilter, type ArchitectureSummary, type AuditLine, holdModel, type Store } from '../../../store/index.ts'
import type { Packed } from '../../../store/packed.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { Listed } from '../../schemas.ts'
import { KnownRows } from './known.ts'
import type { NewArchitecture } from './new-architecture.ts'
import type { Architecture, ArchitecturePreview, ArchitectureQuery } from './schema.ts'
import type { ReadArchitecture } from './specification.ts'
import type { Upload } from './upload.ts'

/** The same memory, as what Node sends. */
export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** An architecture with its graph as stored text. */
export type StoredArchitecture = ArchitectureSummary & { packedGraph: Packed }

const notFound = (id: string) => new ApiError('ARCHITECTURE_NOT_FOUND', `no architecture ${id.slice(0, 60)}`)

/** Registers, stores and finds architectures. */
export class ArchitectureService {
  readonly #store: Store
  readonly #pool: EnginePool
  readonly #forget = new Set<(id: string) => void>()
  readonly #summaries: KnownRows<ArchitectureSummary>
  readonly #stored: KnownRows<StoredArchitecture>

  constructor({ store, pool }: { store: Store; pool: EnginePool }) {
    this.#store = store
    this.#pool = pool
    this.#summaries = new KnownRows(
      (ids) => store.architectures.getSummaries(ids),
      ({ source }) => JSON.stringify(source).length,
    )
    this.#stored = new KnownRows(
      (ids) => store.architectures.getPacked(ids),
      ({ packedGraph }) => packedGraph.length,
    )
    this.onForget((id) => {
      this.#summaries.forget(id)
      this.#stored.forget(id)
    })
  }

  /**
   * Registers what a client sent, as JSON bytes or as a value. The same graph under the same name is the same
   * architecture. @throws ApiError and EngineError as `readArchitecture` does, LIMIT_EXCEEDED, OVERLOADED.
   */
  async register(body: Uint8Array | NewArchitecture, line: AuditLine): Promise<{ architecture: Architecture; created: boolean }> {
    await this.#store.disk.require()
    const read = await this.#pool.read(body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)))
    const { architecture, created } = await this.#store.architectures.insert({ ...read, keyId: line.keyId }, undefined, line)
    return { architecture: present(architecture), created }
  }

  /** What a body would register, and what it costs; nothing is kept. @throws as `register` does. */
  async preview(body: Uint8Array | NewArchitecture): Promise<ArchitecturePreview> {
    return this.#costed(await this.#pool.read(body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))))
  }

  /** The same of an uploaded ONNX file. @throws as `registerOnnx` does. */
  async previewOnnx({ name, file, data, sizes }: Upload): Promise<ArchitecturePreview> {
    return this.#costed(await this.#pool.readOnnx({ name, file, data, sizes }))
  }

  async #costed({ name, digest, source, graph, layerCount }: ReadArchitecture): Promise<ArchitecturePreview> {
    this.#store.architectures.requireName(name)
    // By operator: totals alone are wanted, and a large network has many layers.
    const task = { options: { convention: 'lecture', batch: 1 }, format: 'json', rank: { groupBy: 'op' } } as const
    const bytes = asBuffer(await this.#pool.costs({ packedGraph: graph, layerCount }, task))
    const { inputs, totals } = JSON.parse(bytes.toString('utf8')) as Costs
    return { name, digest, source: source as ArchitecturePreview['source'], inputs: inputs as ArchitecturePreview['inputs'], totals }
  }

  /**
   * Registers an uploaded ONNX file, and keeps it where it carries its weights.
   * @throws EngineError as `readOnnx` does, LIMIT_EXCEEDED; ApiError OVERLOADED.
   */
  async registerOnnx({ name, file, data, sizes }: Upload, line: AuditLine): Promise<{ architecture: Architecture; created: boolean }> {
    const read = await this.#pool.readOnnx({ name, file, data, sizes })
    const kept = read.source.kind === 'onnx' ? read.source.file : null
    const byDigest = new Map(data.map((each) => [each.file.digest, each.file]))
    const beside = (kept?.data ?? []).map(({ location, digest }) => ({ location, file: byDigest.get(digest)! }))
    if (kept) await this.#store.usage.requireFiles(line.keyId, [file, ...beside.map((each) => each.file)])
    const { architecture, created } = await this.#store.architectures.insert(
      { ...read, keyId: line.keyId },
      kept ? { model: file, data: beside } : undefined,
      line,
    )
    return { architecture: present(architecture), created }
  }

  /** @throws ApiError ARCHITECTURE_NOT_FOUND */
  async get(id: string): Promise<Architecture> {
    const [row] = await this.#summaries.of([id])
    if (!row) throw notFound(id)
    return present(row)
  }

  // For loaders: in the order of the ids, with an ApiError ARCHITECTURE_NOT_FOUND for one that is not there.
  readonly getEach = async (ids: readonly string[]): Promise<(Architecture | ApiError)[]> =>
    (await this.#summaries.of(ids)).map((row, i) => (row ? present(row) : notFound(ids[i]!)))
  readonly storedEach = async (ids: readonly string[]): Promise<(StoredArchitecture | ApiError)[]> =>
    (await this.#stored.of(ids)).map((row, i) => row ?? notFound(ids[i]!))

  /** @throws StoreError INVALID_CURSOR, INVALID_TEXT */
  async list({ limit = 50, total, ...query }: ArchitectureQuery): Promise<Listed<Architecture>> {
    const { items, ...page } = await this.#store.architectures.list({ limit, ...query })
    return { items: items.map(present), ...page, ...(total ? { total: await this.count(query) } : {}) }
  }

  /** How many fit. @throws StoreError INVALID_TEXT */
  async count({ search, digest }: ArchitectureFilter): Promise<number> {
    return this.#store.architectures.count({ search, digest })
  }

  /** The graph as JSON bytes, in the form it can be registered in. @throws ApiError ARCHITECTURE_NOT_FOUND */
  async graph(id: string): Promise<Buffer> {
    return this.graphOf(await this.stored(id))
  }

  async graphOf(stored: StoredArchitecture): Promise<Buffer> {
    return asBuffer(await this.#pool.graph(stored))
  }

  /**
   * Hides the architecture and cancels its queued runs; finished runs keep their results. @throws ApiError
   * ARCHITECTURE_NOT_FOUND
   */
  async delete(id: string, line: AuditLine): Promise<void> {
    if (!(await this.#store.architectures.markDeleted(id, line))) throw notFound(id)
    for (const forget of this.#forget) forget(id.toLowerCase())
  }

  /** Calls listeners that cache something of an architecture when it is deleted. */
  onForget(forget: (id: string) => void): void {
    this.#forget.add(forget)
  }

  /**
   * What is stored, with the graph of its file at other sizes: where the file leaves height and width open, a resolution is more than
   * another size of the input, since shapes inside follow from it. Null where the stored graph is the one to ask.
   * @throws ApiError INVALID_REQUEST for dims where no file is kept; EngineError INVALID_RESOLUTION.
   */
  async atSizes(stored: StoredArchitecture, asked: AskedSizes): Promise<StoredArchitecture | null> {
    const { dims, inputShape } = asked
    if (dims === undefined && inputShape === undefined && !asked.resolution) return null
    const source = stored.source as Architecture['source']
    const file = source.kind === 'onnx' ? source.file : null
    const registered = source.kind === 'onnx' ? source.sizes : undefined
    if (!file || !registered || stored.blob === null) {
      const path = dims !== undefined ? 'dims' : inputShape !== undefined ? 'inputShape' : null
      if (path === null) return null
      throw invalidRequest('request', [
        {
          path: `/${path}`,
          message: `${path} applies to an ONNX file alone that leaves sizes open and was uploaded with its weights, so that it is kept here: leave ${path} out`,
        },
      ])
    }
    const { path, data, release } = await holdModel(this.#store, { id: stored.id, blob: stored.blob })
    try {
      const bytes = file.bytes + (file.data ?? []).reduce((sum, each) => sum + each.bytes, 0)
      const read = await this.#pool.readOnnxAt({ path, data, graph: stored.packedGraph, registered, asked }, bytes)
      return read && { ...stored, packedGraph: read.graph, layerCount: read.layerCount }
    } finally {
      await release()
    }
  }

  /** What is stored, the graph as text. @throws ApiError ARCHITECTURE_NOT_FOUND */
  async stored(id: string): Promise<StoredArchitecture> {
    const [row] = await this.#stored.of([id])
    if (!row) throw notFound(id)
    return row
  }
}

export function present(row: ArchitectureSummary): Architecture {
  const self = `/v1/architectures/${row.id}`
  return {
    id: row.id,
    name: row.name,
    digest: row.digest,
    createdAt: row.createdAt.toISOString(),
    source: row.source as Architecture['source'],
    counts: { layers: row.layerCount, params: row.params, macs: row.macs, partial: row.partial, uncounted: row.uncounted },
    links: { self, graph: `${self}/graph`, costs: `${self}/costs` },
  }
}
