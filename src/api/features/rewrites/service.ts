import { findConvention } from '../../../engine/conventions/index.ts'
import type { OpenSizes } from '../../../engine/formats/onnx-import/index.ts'
import { type Rewrite, rewrites } from '../../../engine/rewrites/index.ts'
import { type AuditLine, holdModel, type Store } from '../../../store/index.ts'
import { toJsonSchema } from '../../json-schema.ts'
import type { EnginePool } from '../../pool/pool.ts'
import { type ArchitectureService, present, type StoredArchitecture } from '../architectures/service.ts'
import type { NewRewrite, RewriteEntry, RewritePreviewQuery, RewriteResult } from './schema.ts'
import type { RewriteTask } from './write.ts'

/** Every rewrite, its options as JSON Schema. */
export const listRewrites = (): RewriteEntry[] =>
  rewrites.map(({ name, summary, givesUp, source, exact = false, whole = false, options }: Rewrite) => ({
    name,
    summary,
    givesUp,
    source,
    exact,
    whole,
    options: toJsonSchema(options) as Record<string, unknown>,
  }))

/** What-if changes of registered architectures: shown, or registered as architectures of their own. */
export class RewriteService {
  readonly #store: Store
  readonly #pool: EnginePool
  readonly #architectures: ArchitectureService

  constructor({ store, pool, architectures }: { store: Store; pool: EnginePool; architectures: ArchitectureService }) {
    this.#store = store
    this.#pool = pool
    this.#architectures = architectures
  }

  /**
   * What a recipe would make of a stored architecture; nothing is registered.
   * @throws EngineError as `rewriteGraph` does, UNKNOWN_CONVENTION, INVALID_BATCH, COST_OVERFLOW; ApiError OVERLOADED.
   */
  async preview(stored: StoredArchitecture, query: RewritePreviewQuery): Promise<RewriteResult> {
    const { preview } = await this.#pool.rewrite(stored, { ...asked(query), register: null })
    return { architectureId: stored.id, architecture: null, ownWeights: stored.blob !== null, ...preview }
  }

  /**
   * Rewrites the architecture with this id, and registers the result unless only a preview is asked for.
   * @throws ApiError ARCHITECTURE_NOT_FOUND; as `preview` does; EngineError EXPORT_UNSUPPORTED where the new weights pass 2 GiB.
   */
  async rewrite(id: string, request: NewRewrite, line: AuditLine): Promise<{ result: RewriteResult; created: boolean }> {
    const stored = await this.#architectures.stored(id)
    if (request.name !== undefined) this.#store.architectures.requireName(request.name)
    if (request.preview) return { result: await this.preview(stored, request), created: false }
    return this.register(stored, request, line)
  }

  /** The same of a stored architecture, registered. @throws as `rewrite` does. */
  async register(
    stored: StoredArchitecture,
    { name, ...query }: NewRewrite,
    line: AuditLine,
  ): Promise<{ result: RewriteResult; created: boolean }> {
    await this.#store.disk.require()
    const parent = { id: stored.id, digest: stored.digest, name: stored.name }
    const register = { name: name ?? defaultName(stored.name, query), parent }
    const insert = async (file: NonNullable<RewriteTask['register']>['file'], fileBytes: number) => {
      const answer = await this.#pool.rewrite(stored, { ...asked(query), register: { ...register, file } }, fileBytes)
      const { architecture, created } = await this.#store.architectures.insert(
        { ...answer.read!, keyId: line.keyId },
        answer.file ? { model: answer.file, data: [] } : undefined,
        line,
      )
      const result = { architectureId: stored.id, architecture: present(architecture), ownWeights: file !== null, ...answer.preview }
      return { result, created }
    }
    return stored.blob === null ? insert(null, 0) : this.#withFiles(stored, stored.blob, insert)
  }

  /** Runs `work` with the files of an architecture in hand, and a place for the new one. */
  async #withFiles<T>(
    stored: StoredArchitecture,
    blob: string,
    work: (file: NonNullable<NonNullable<RewriteTask['register']>['file']>, fileBytes: number) => Promise<T>,
  ): Promise<T> {
    const { blobs } = this.#store
    const { file, sizes } = stored.source as { file?: { bytes: number; data?: { bytes: number }[] } | null; sizes?: OpenSizes }
    const bytes = (file?.bytes ?? 0) + (file?.data ?? []).reduce((sum, each) => sum + each.bytes, 0)
    const { path, data, release } = await holdModel(this.#store, { id: stored.id, blob })
    try {
      const to = await blobs.scratch.path()
      try {
        return await work({ path, data, to, ...(sizes ? { sizes } : {}) }, bytes)
      } finally {
        await blobs.discard(to)
      }
    } finally {
      await release()
    }
  }
}

/** A request as the engine takes it. @throws EngineError UNKNOWN_CONVENTION */
function asked({ recipe, convention = 'lecture', batch = 1 }: RewritePreviewQuery): Pick<RewriteTask, 'recipe' | 'convention' | 'batch'> {
  findConvention(convention)
  return { recipe: recipe as RewriteTask['recipe'], convention, batch }
}

const defaultName = (name: string, { recipe }: RewritePreviewQuery): string => {
  const steps = recipe.map(({ rewrite }) => rewrite).join(', ')
  return `${name.slice(0, 120)} (${steps.slice(0, 70)})`
}
