import type { ReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { findConvention } from '../../../engine/conventions/index.ts'
import { onnxOpset } from '../../../engine/formats/onnx-export.ts'
import type { ImportReport } from '../../../engine/formats/onnx-import/index.ts'
import type { Store } from '../../../store/index.ts'
import { ApiError, invalidRequest, type Violation } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import { Slots } from '../../slots.ts'
import type { Architecture } from '../architectures/schema.ts'
import { type ArchitectureService, asBuffer, type StoredArchitecture } from '../architectures/service.ts'
import type { KeptFile } from '../architectures/specification.ts'
import { readRanking } from '../costs/ranking.ts'
import { readResolution } from '../costs/service.ts'
import type { RunService } from '../runs/service.ts'
import type { ExportQuery, TextExportQuery } from './schema.ts'

type Format = ExportQuery['format']

/** Files with weights on disk at a time: each stays for as long as its client takes to read it. */
const mostFiles = { total: 6, perClient: 4, what: 'files with weights are being sent' }

/** The options of each format. */
const takes: Readonly<Record<Format, readonly (keyof ExportQuery)[]>> = {
  onnx: ['weights', 'data', 'seed', 'batch', 'resolution'],
  json: [],
  csv: ['convention', 'batch', 'resolution'],
  dot: ['batch', 'resolution'],
  mermaid: ['batch', 'resolution'],
  svg: ['convention', 'batch', 'resolution', 'colorBy', 'depth', 'runId'],
  chart: ['convention', 'batch', 'resolution', 'groupBy', 'sort', 'top', 'depth'],
}
const extensions: Readonly<Record<Format, string>> = {
  ...{ onnx: 'onnx', json: 'json', csv: 'csv', dot: 'dot', mermaid: 'mmd', svg: 'svg' },
  chart: 'chart.svg',
}

export interface ExportedFile {
  filename: string
  body: Buffer | Readable
  /** Bytes. */
  length: number
  /** Of an ONNX file. */
  opset: number | null
}

/** Architectures as files that other programs open. Written by the engine's processes. */
export class ExportService {
  readonly #architectures: ArchitectureService
  readonly #pool: EnginePool
  readonly #blobs: Store['blobs']
  readonly #runs: Pick<RunService, 'profiled' | 'layerProfileOf'>
  readonly #slots = new Slots(mostFiles)

  constructor({
    architectures,
    pool,
    store,
    runs,
  }: { architectures: ArchitectureService; pool: EnginePool; store: Store; runs: Pick<RunService, 'profiled' | 'layerProfileOf'> }) {
    this.#architectures = architectures
    this.#runs = runs
    this.#blobs = store.blobs
    this.#pool = pool
  }

  /**
   * The architecture with this id as a file.
   * @param client address of who asks: one with weights is on disk for as long as it takes to read it.
   * @throws ApiError INVALID_REQUEST where the format does not take an option, ARCHITECTURE_NOT_FOUND, RUN_NOT_FOUND, NO_PROFILE,
   *   NO_WEIGHTS, OVERLOADED;
   *   EngineError UNKNOWN_CONVENTION, INVALID_BATCH, INVALID_RESOLUTION, COST_OVERFLOW, EXPORT_UNSUPPORTED, LIMIT_EXCEEDED.
   */
  async file(id: string, query: ExportQuery, client: string): Promise<ExportedFile> {
    check(query)
    const row = await this.#architectures.stored(id)
    const filename = `${fileStem(row.name)}.${extensions[query.format]}`
    const opset = query.format === 'onnx' ? onnxOpset : null
    if (query.weights === 'file') return { filename, ...(await this.#ownFile(row, query.data, client)) }
    if (query.weights === 'seeded') return { filename, opset, ...(await this.#sent(() => this.#onnxFile(row, query), client)) }
    const body = await this.#write(row, query)
    return { filename, body, length: body.length, opset }
  }

  /** The same of a stored architecture, as text. @throws as `file` does. */
  async text(row: StoredArchitecture, query: TextExportQuery): Promise<string> {
    check(query)
    return (await this.#write(row, query)).toString('utf8')
  }

  /** Where the file is read. @throws as `file` does for what the query alone shows. */
  address({ links }: Pick<Architecture, 'links'>, query: ExportQuery): string {
    check(query)
    const given = Object.entries(query).filter(([, value]) => value !== undefined)
    return `${links.self}/export?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`
  }

  async #write(row: StoredArchitecture, query: ExportQuery): Promise<Buffer> {
    const { name } = row
    const { packedGraph: graph, options } =
      query.runId === undefined ? { ...row, options: readOptions(query) } : await this.#ofRun(row, query, query.runId)
    return asBuffer(await this.#pool.export({ graph, name, format: query.format, options }))
  }

  /** What is drawn of a run: its times, at its batch and sizes. @throws ApiError RUN_NOT_FOUND, NO_PROFILE, INVALID_REQUEST */
  async #ofRun({ id }: StoredArchitecture, query: ExportQuery, runId: string) {
    const profiled = await this.#runs.profiled(runId)
    const { run, architecture, atSizes } = profiled
    const violation =
      run.architectureId !== id
        ? { path: '/runId', message: `run ${runId} is of architecture ${run.architectureId}: name one of this architecture` }
        : query.batch !== undefined && query.batch !== run.batch
          ? { path: '/batch', message: `the run is of batch ${run.batch}: leave batch out` }
          : query.resolution !== undefined
            ? { path: '/resolution', message: 'the run has a resolution of its own: leave resolution out' }
            : null
    if (violation) throw invalidRequest('request', [violation])
    const { rows, batch, resolution, runtime, device } = await this.#runs.layerProfileOf(profiled)
    const times = { rows: rows.map(({ layerIds, ms }) => ({ layerIds, ms })), of: `a run by ${runtime} on ${device}` }
    const options = readOptions({ ...query, batch, ...(resolution === null || atSizes ? {} : { resolution }) })
    return { packedGraph: architecture.packedGraph, options: { ...options, times } }
  }

  /** The registered file, unchanged, or one of its files of external data. @param data the model's name for that file. */
  async #ownFile(
    { id, blob, source }: StoredArchitecture,
    data: string | undefined,
    client: string,
  ): Promise<Omit<ExportedFile, 'filename'> & { filename?: string }> {
    const { kind, report, file } = source as Architecture['source'] & { report?: ImportReport; file?: KeptFile | null }
    if (blob === null)
      throw new ApiError(
        'NO_WEIGHTS',
        `architecture ${id} ${kind === 'onnx' ? 'comes from a file without weights' : 'was not registered from an ONNX file'}: ask for weights=seeded or weights=none`,
      )
    const beside = file?.data?.find(({ location }) => location === data)
    if (data !== undefined && !beside) {
      const named = file?.data?.map(({ location }) => `"${location}"`).join(', ') ?? 'none'
      throw invalidRequest('query', [
        { path: '/data', message: `the model has no file "${data.slice(0, 100)}" beside it: it has ${named}` },
      ])
    }
    return {
      // Named as in the model, so that a reader finds it beside the model.
      ...(beside ? { filename: beside.location.split(/[/\\]/).at(-1)! } : {}),
      opset: beside ? null : (report?.opset[''] ?? null),
      ...(await this.#sent(async () => {
        const { path: name, release } = await this.#blobs.hold(beside?.digest ?? blob)
        try {
          return await open(name)
        } finally {
          await release()
        }
      }, client)),
    }
  }

  async #onnxFile({ packedGraph, params }: StoredArchitecture, query: ExportQuery): Promise<FileHandle> {
    // In the store's folder for temporary files, so that the next start removes what a killed service leaves.
    const name = await this.#blobs.scratch.path()
    let file: FileHandle | undefined
    try {
      file = await open(name, 'wx+', 0o600)
      await this.#pool.onnxFile({ graph: packedGraph, options: { ...readOptions(query), seed: query.seed ?? 0 }, path: name }, params)
      return file
    } catch (cause) {
      await file?.close().catch(() => {})
      throw cause
    } finally {
      await this.#blobs.discard(name)
    }
  }

  /**
   * A file on disk rather than in memory, since it may take 2 GiB. It is unlinked before it is read, so that nothing is left
   * behind.
   * @param make the file, open, its name removed.
   */
  async #sent(make: () => Promise<FileHandle>, client: string): Promise<Pick<ExportedFile, 'body' | 'length'>> {
    let body: ReadStream | undefined
    const release = this.#slots.take(client, {
      bytes: () => body?.bytesRead ?? Number.POSITIVE_INFINITY,
      end: () => body?.destroy(),
    })
    try {
      const file = await make()
      const { size } = await file.stat()
      body = file.createReadStream({ start: 0, highWaterMark: 2 ** 18 })
      body.once('close', release)
      return { body, length: size }
    } catch (cause) {
      release()
      throw cause
    }
  }
}

const readOptions = ({
  format,
  batch = 1,
  resolution,
  convention,
  runId,
  colorBy = runId === undefined ? 'macs' : 'ms',
  ...query
}: ExportQuery) => ({
  batch,
  ...(format === 'svg' ? { colorBy, ...(query.depth === undefined ? {} : { depth: query.depth }) } : readRanking(query)),
  ...(resolution === undefined ? {} : { resolution: readResolution(resolution) }),
  ...(convention === undefined ? {} : { convention }),
})

/** Refuses options that the format does not take. */
function check({ format, ...options }: ExportQuery): void {
  const violations: Violation[] = []
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !takes[format].includes(name as keyof ExportQuery)) {
      const taken = takes[format].length === 0 ? 'it has no options' : `its options are ${takes[format].join(', ')}`
      violations.push({ path: `/${name}`, message: `${format} does not take ${name}: ${taken}` })
    }
  if (options.weights === 'file')
    for (const name of ['batch', 'resolution'] as const)
      if (options[name] !== undefined)
        violations.push({
          path: `/${name}`,
          message: `the registered file is sent unchanged: leave ${name} out, or ask for weights=seeded or none`,
        })
  if (violations.length === 0 && options.seed !== undefined && options.weights !== 'seeded')
    violations.push({ path: '/seed', message: 'seed applies only to seeded weights: ask for weights=seeded, or leave seed out' })
  if (violations.length === 0 && options.data !== undefined && options.weights !== 'file')
    violations.push({ path: '/data', message: 'data applies only to the registered file: ask for weights=file, or leave data out' })
  if (violations.length === 0 && options.colorBy === 'ms' && options.runId === undefined)
    violations.push({
      path: '/runId',
      message: 'colorBy=ms shows the times of a run: give runId, a run of this architecture with a profile',
    })
  if (violations.length === 0 && options.runId !== undefined && options.colorBy !== undefined && options.colorBy !== 'ms')
    violations.push({ path: '/runId', message: `runId is for colorBy=ms, not for ${options.colorBy}: leave one of them out` })
  if (violations.length > 0) throw invalidRequest('request', violations)
  if (options.convention !== undefined) findConvention(options.convention)
}

/** Turns a name into a file name valid on every system: separators and reserved characters become `_`. */
function fileStem(name: string): string {
  const cleaned = name
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no file name has them
    .replace(/[\u0000-\u001f\u007f<>:"/\\|?*]+/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  return Array.from(cleaned).slice(0, 100).join('') || 'architecture'
}
