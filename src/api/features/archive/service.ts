/** Everything that was made here as one archive, as it is at one moment, while the service goes on. */
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pause, systemClock } from '../../../gpu/clock.ts'
import { type Moment, type Samples, type Store, tarStream } from '../../../store/index.ts'
import { ApiError } from '../../errors.ts'
import type { EnginePool } from '../../pool/pool.ts'
import { Slots } from '../../slots.ts'
import { version } from '../../version.ts'
import { ArchitectureNames } from '../architectures/names.ts'
import { asBuffer, present, type StoredArchitecture } from '../architectures/service.ts'
import type { KeptFile } from '../architectures/specification.ts'
import { KeyNames } from '../keys/names.ts'
import { histogramOfSummary, type SampleSummary } from '../runs/distribution.ts'
import { presentRun } from '../runs/present-run.ts'
import { csvOf } from '../runs/sample-text.ts'
import { presentSweeps } from '../sweeps/service.ts'
import { type ArchiveManifest, manifestName } from './manifest.ts'
import { ArchiveWriter, type Sized } from './writer.ts'

/** Archives at a time: each holds a moment of the database for as long as its client takes to read it. */
const mostArchives = { total: 2, perClient: 2, what: 'archives of everything are being sent' }
/** Rows read at a time. */
const page = { architectures: 200, runs: 50, sweeps: 100 }
/** Samples that are written in memory, since their size comes first; more are read twice. */
const mostInMemory = 60_000
/** How often a graph is asked for again where the processes that write it have no time, and the pause between, ms. */
const patience = { tries: 120, pauseMs: 500 }

export interface ArchiveServiceOptions {
  store: Pick<Store, 'moment' | 'blobs' | 'disk'>
  pool: Pick<EnginePool, 'export'>
}

export class ArchiveService {
  readonly #store: ArchiveServiceOptions['store']
  readonly #pool: ArchiveServiceOptions['pool']
  readonly #slots = new Slots(mostArchives)

  constructor({ store, pool }: ArchiveServiceOptions) {
    this.#store = store
    this.#pool = pool
  }

  /**
   * The archive, to be read once; memory for it is bounded, however much there is.
   * @param client address of who asks. @param keyId only what this key made; null: everything.
   * @throws ApiError OVERLOADED; StoreError DISK_FULL, DATABASE_UNREACHABLE
   */
  async archive(client: string, keyId: string | null = null): Promise<{ at: Date; stream: Readable }> {
    let body: Readable | undefined
    let sent = 0
    const release = this.#slots.take(client, { bytes: () => (body ? sent : Number.POSITIVE_INFINITY), end: () => body?.destroy() })
    let moment: Moment | undefined
    try {
      await this.#store.disk.require()
      const held = await this.#store.moment()
      moment = held
      body = tarStream(
        (add) =>
          this.#write(held, keyId ?? undefined, async (entry, content) => {
            await add(entry, content)
            sent += entry.size
          }),
        () => {
          release()
          void held.close()
        },
      )
      return { at: held.at, stream: body }
    } catch (cause) {
      release()
      await moment?.close()
      throw cause
    }
  }

  async #write(moment: Moment, keyId: string | undefined, add: ConstructorParameters<typeof ArchiveWriter>[0]): Promise<void> {
    const { blobs } = this.#store
    const path = await blobs.scratch.path()
    const sums = await open(path, 'wx+', 0o600)
    try {
      const to = new ArchiveWriter(add, moment.at, sums)
      const counts = { architectures: 0, files: 0, runs: 0, comparisons: 0, samples: 0, samplesExpired: 0, sweeps: 0 }
      const missing = new Set<string>()
      await this.#architectures(moment, keyId, to, counts, missing)
      const names = new ArchitectureNames(moment)
      await writeRuns(moment, keyId, names, to, counts)
      for await (const sweep of eachOf((after) => moment.sweeps.list({ after, limit: page.sweeps, keyId }))) {
        const [answer] = await presentSweeps([sweep], moment.runs, names)
        await to.json(`sweeps/${sweep.id}.json`, answer)
        counts.sweeps += 1
      }
      const manifest: ArchiveManifest = {
        ...{ format: 'archmeter-export', version: 1, archmeter: version, at: moment.at.toISOString() },
        ...{ keyId: keyId ?? null, counts, missing: [...missing], sums: await to.sums() },
      }
      await to.last(manifestName, manifest)
    } finally {
      await sums.close()
      await blobs.discard(path)
    }
  }

  async #architectures(
    { architectures, file }: Moment,
    keyId: string | undefined,
    to: ArchiveWriter,
    counts: Counts,
    missing: Set<string>,
  ): Promise<void> {
    for await (const row of eachOf((after) => architectures.list({ after, limit: page.architectures, order: 'asc', keyId }))) {
      const folder = `architectures/${row.id}`
      const [stored] = await architectures.getPacked([row.id])
      await to.json(`${folder}/architecture.json`, present(row))
      await to.file(`${folder}/graph.json`, await this.#graph(stored!))
      counts.architectures += 1
      for (const { name, digest } of filesOf(row.source)) {
        const kept = await file(digest)
        const sha256 = kept && (await to.file(`${folder}/${name}`, kept))
        if (sha256 && `sha256:${sha256}` === digest) counts.files += 1
        else missing.add(digest)
      }
    }
  }

  /** The graph as it can be registered again, however busy the processes are that write it. */
  async #graph({ packedGraph, name }: StoredArchitecture): Promise<Buffer> {
    for (let tries = 1; ; tries++) {
      try {
        return asBuffer(await this.#pool.export({ graph: packedGraph, name, format: 'json', options: { batch: 1 } }))
      } catch (cause) {
        if (!(cause instanceof ApiError) || cause.code !== 'OVERLOADED' || tries >= patience.tries) throw cause
        await pause(systemClock, patience.pauseMs)
      }
    }
  }
}

type Counts = ArchiveManifest['counts']

/** Every row of a list, a page in memory at a time. */
async function* eachOf<Row>(
  list: (after: string | undefined) => Promise<{ items: Row[]; nextCursor: string | null }>,
): AsyncGenerator<Row> {
  let after: string | undefined
  do {
    const { items, nextCursor } = await list(after)
    yield* items
    after = nextCursor ?? undefined
  } while (after !== undefined)
}

/** The model and the files beside it, named so that the model finds them where it is unpacked. */
function filesOf(source: object): { name: string; digest: string }[] {
  const { file } = source as { file?: KeptFile | null }
  if (!file) return []
  return [
    { name: 'model/model.onnx', digest: file.digest },
    ...(file.data ?? []).map(({ location, digest }) => ({ name: `model/${safe(location) ? location : digest.replace(':', '-')}`, digest })),
  ]
}

/** Whether a name that a model has for a file leads nowhere but below its folder, and to no other file there. */
const safe = (location: string): boolean => /^[\w-][\w .+-]*(\/[\w-][\w .+-]*)*$/.test(location) && location !== 'model.onnx'

async function writeRuns(
  { runs, keys }: Moment,
  keyId: string | undefined,
  names: ArchitectureNames,
  to: ArchiveWriter,
  counts: Counts,
): Promise<void> {
  const keyNames = new KeyNames({ keys })
  for await (const run of eachOf((after) => runs.list({ after, limit: page.runs, order: 'asc', keyId }))) {
    const nameOf = await names.of([run.architectureId, run.againstArchitectureId])
    const keyOf = await keyNames.of([run.keyId])
    const folder = `runs/${run.id}`
    // As everybody may see it: whoever may read may take the archive.
    await to.json(`${folder}/run.json`, presentRun(run, null, { nameOf, keyOf }))
    counts.runs += 1
    if (run.against) counts.comparisons += 1
    const samples = await runs.samples(run.id)
    if (samples?.expired) {
      const { at, summary } = samples.expired
      await to.json(`${folder}/histogram.json`, histogramOfSummary(run.id, summary as SampleSummary, at, {}))
      counts.samplesExpired += 1
    } else if (samples) {
      await to.file(`${folder}/samples.csv`, await sized(samples))
      counts.samples += samples.count
    }
  }
}

/** Samples as CSV. Many are written twice, the first time for their size alone. */
async function sized(samples: Samples): Promise<Buffer | Sized> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const text of csvOf(samples)) {
    bytes += Buffer.byteLength(text)
    if (samples.count <= mostInMemory) parts.push(Buffer.from(text))
  }
  return samples.count <= mostInMemory ? Buffer.concat(parts) : { bytes, read: () => encoded(csvOf(samples)) }
}

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const text of texts) yield Buffer.from(text)
}
