import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { findConvention } from '../../../engine/conventions/index.ts'
import { ApiError, invalidRequest, type Problem } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import { type ArchitectureService, asBuffer, type StoredArchitecture } from '../architectures/service.ts'
import { readResolution } from '../costs/service.ts'
import type { ExportQuery, TextExportQuery } from './schema.ts'

type Format = ExportQuery['format']

/** Files with weights that may lie on disk at a time: they stay as long as clients take to read them. */
const mostFiles = 4

/** What each format takes besides its name. */
const takes: Readonly<Record<Format, readonly (keyof ExportQuery)[]>> = {
  onnx: ['weights', 'seed', 'batch', 'resolution'],
  json: [],
  csv: ['convention', 'batch', 'resolution'],
  dot: ['batch', 'resolution'],
  mermaid: ['batch', 'resolution'],
}
const extensions: Readonly<Record<Format, string>> = { onnx: 'onnx', json: 'json', csv: 'csv', dot: 'dot', mermaid: 'mmd' }

export interface ExportedFile {
  filename: string
  body: Buffer | Readable
  /** Bytes. */
  length: number
}

/** Architectures as files that other programs open. Written on the engine's threads. */
export class ExportService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool
  #files = 0

  constructor({ architectures, pool }: { architectures: ArchitectureService; pool: EnginePool }) {
    this.#architectures = architectures
    this.#pool = pool
  }

  /**
   * The architecture with this id as a file.
   * @throws ApiError INVALID_REQUEST where the format does not take an option, ARCHITECTURE_NOT_FOUND, OVERLOADED;
   *   EngineError UNKNOWN_CONVENTION, INVALID_RESOLUTION, COST_OVERFLOW, EXPORT_UNSUPPORTED, LIMIT_EXCEEDED.
   */
  async file(id: string, query: ExportQuery): Promise<ExportedFile> {
    check(query)
    const row = await this.#architectures.stored(id)
    const filename = `${fileStem(row.name)}.${extensions[query.format]}`
    if (query.weights === 'seeded') return { filename, ...(await this.#onnxFile(row, query)) }
    const body = await this.#write(row, query)
    return { filename, body, length: body.length }
  }

  /** The same of a stored architecture, as text. @throws as `file` does. */
  async text(row: StoredArchitecture, query: TextExportQuery): Promise<string> {
    check(query)
    return (await this.#write(row, query)).toString('utf8')
  }

  async #write({ packedGraph, name }: StoredArchitecture, query: ExportQuery): Promise<Buffer> {
    return asBuffer(await this.#pool.export({ graph: packedGraph, name, format: query.format, options: readOptions(query) }))
  }

  /** A file on disk, and not in memory: it may take 2 GiB. Its name is gone before it is read, so that nothing is left of it. */
  async #onnxFile({ packedGraph }: StoredArchitecture, query: ExportQuery): Promise<Pick<ExportedFile, 'body' | 'length'>> {
    if (this.#files >= mostFiles)
      throw new ApiError('OVERLOADED', `${mostFiles} files with weights are being sent: try again when one is through`, [], {
        'retry-after': '5',
      })
    this.#files += 1
    let file: FileHandle | undefined
    try {
      const folder = await mkdtemp(path.join(tmpdir(), `archmeter-export-${process.pid}-`))
      try {
        const name = path.join(folder, 'model.onnx')
        file = await open(name, 'wx+', 0o600)
        await this.#pool.onnxFile({ graph: packedGraph, options: { ...readOptions(query), seed: query.seed ?? 0 }, path: name })
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
      const { size } = await file.stat()
      const body = file.createReadStream({ start: 0, highWaterMark: 2 ** 18 })
      body.once('close', () => {
        this.#files -= 1
      })
      return { body, length: size }
    } catch (cause) {
      this.#files -= 1
      await file?.close()
      if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
        throw new ApiError(
          'OVERLOADED',
          'there is no room on this machine’s disk for the file: try again later, or export it without weights',
        )
      throw cause
    }
  }
}

const readOptions = ({ batch = 1, resolution, convention }: ExportQuery) => ({
  batch,
  ...(resolution === undefined ? {} : { resolution: readResolution(resolution) }),
  ...(convention === undefined ? {} : { convention }),
})

/** Options that mean nothing here are refused, not passed by. */
function check({ format, ...options }: ExportQuery): void {
  const problems: Problem[] = []
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !takes[format].includes(name as keyof ExportQuery)) {
      const taken = takes[format].length === 0 ? 'none' : takes[format].join(', ')
      problems.push({ path: `/${name}`, message: `${format} does not take ${name}: its options are ${taken}` })
    }
  if (problems.length === 0 && options.seed !== undefined && options.weights !== 'seeded')
    problems.push({ path: '/seed', message: 'a seed is for weights: ask for weights=seeded, or leave seed out' })
  if (problems.length > 0) throw invalidRequest('query', problems)
  if (options.convention !== undefined) findConvention(options.convention)
}

/** A name as a file name that every system takes: what separates folders or is reserved becomes `_`. */
function fileStem(name: string): string {
  const cleaned = name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no file name has them
    .replace(/[\u0000-\u001f\u007f<>:"/\\|?*]+/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  return Array.from(cleaned).slice(0, 100).join('') || 'architecture'
}
