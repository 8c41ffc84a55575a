/**
 * Files that architectures were registered from, kept for their weights and addressed by their content. With the embedded
 * store all are in `DATA_DIR/blobs`; with a server they are in the database, in chunks, and the folder holds copies of those
 * that this host has used. A blob is removed with the last architecture that uses it.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Database, Log, Transaction } from './database.ts'
import { rowsOf, sql } from './drizzle.ts'
import { isForeignKeyViolation, StoreError } from './errors.ts'
import { makeFolder } from './make-folder.ts'
import { Scratch } from './scratch.ts'

const chunkBytes = 2 ** 20
/** No architecture names the blob, as its model or as a file beside that. */
const unnamed = sql`NOT EXISTS (SELECT 1 FROM architectures WHERE blob = blobs.digest)
  AND NOT EXISTS (SELECT 1 FROM architecture_data WHERE architecture_data.digest = blobs.digest)`
const naming = ['architectures_blob_fkey', 'architecture_data_digest_fkey'] as const

/** A whole file on disk that may become a blob. */
export interface BlobFile {
  path: string
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string
  bytes: number
}

/** A blob as a file that does not change until `release`, even if the blob is removed. */
export interface HeldBlob {
  path: string
  release(): Promise<void>
}

export interface BlobsOptions {
  db: Database
  /** `pglite`: the folder is the only place, and no other process uses it. */
  kind: 'pglite' | 'postgres'
  /** Absolute. */
  dataDir: string
  log: Log
}

export class Blobs {
  readonly scratch: Scratch
  readonly #db: Database
  readonly #embedded: boolean
  readonly #folder: string
  readonly #log: Log
  /** With the embedded store, a row and its file change together: one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ db, kind, dataDir, log }: BlobsOptions) {
    this.#db = db
    this.#embedded = kind === 'pglite'
    this.#folder = path.join(dataDir, 'blobs')
    this.#log = log
    this.scratch = new Scratch(path.join(dataDir, 'scratch'))
  }

  /** Removes what interrupted uploads and deletions left behind. */
  async sweep(): Promise<void> {
    await this.scratch.sweep(this.#embedded)
    const rows = await rowsOf<{ digest: string }>(this.#db, sql`SELECT digest FROM blobs WHERE ${unnamed}`)
    for (const { digest } of rows) await this.collect(digest)
    await this.#dropStrays()
  }

  /**
   * Runs `transaction`, which can store the files as blobs. A rollback leaves nothing of them.
   * @param transaction calls `put` before a row names a digest.
   */
  keeping<T>(files: readonly BlobFile[], transaction: (put: (tx: Transaction) => Promise<void>) => Promise<T>): Promise<T> {
    // In a fixed order, so that two transactions cannot deadlock.
    const ordered = [...new Map(files.map((file) => [file.digest, file])).values()].sort((a, b) => (a.digest < b.digest ? -1 : 1))
    return this.#exclusively(async () => {
      try {
        for (const file of ordered) await this.#shelve(file.path, file.digest)
        return await transaction(async (tx) => {
          for (const file of ordered) await this.#put(tx, file)
        })
      } catch (error) {
        await this.#dropStrays().catch(() => {})
        throw error
      }
    })
  }

  /**
   * The blob as a file on this host, its content checked against its digest.
   * @throws StoreError WEIGHTS_MISSING
   */
  async hold(digest: string): Promise<HeldBlob> {
    const held = await this.scratch.path()
    const release = () => this.discard(held)
    try {
      if (await linked(this.#shelf(digest), held)) {
        if ((await digestOf(held)) === digest) return { path: held, release }
        this.#log.warn({ digest }, 'a blob on disk is damaged')
        await release()
        if (!this.#embedded) await rm(this.#shelf(digest), { force: true })
      }
      if (!this.#embedded && (await this.#fetch(digest, held))) {
        await this.#keepCopy(held, digest)
        return { path: held, release }
      }
    } catch (error) {
      await release()
      throw error
    }
    throw new StoreError(
      'WEIGHTS_MISSING',
      `The file with the weights, ${digest}, is not there or is damaged: register the architecture again, or use seeded weights`,
    )
  }

  /**
   * Links every blob below `home/blobs`, in one turn with `copy` of the database: each row of the copy has its file. Of the
   * embedded store alone.
   * @returns what `copy` did, and the digests of all blobs, of those too whose files are not there.
   */
  link<T>(home: string, copy: () => Promise<T>): Promise<{ answers: T; digests: string[] }> {
    return this.#exclusively(async () => {
      await makeFolder(path.join(home, 'blobs'))
      const answers = await copy()
      const rows = await rowsOf<{ digest: string }>(this.#db, sql`SELECT digest FROM blobs ORDER BY digest`)
      for (const { digest } of rows) await linked(this.#shelf(digest), path.join(home, 'blobs', path.basename(this.#shelf(digest))))
      return { answers, digests: rows.map(({ digest }) => digest) }
    })
  }

  /**
   * `link`, each file then compared with its digest.
   * @returns what `copy` did, the files by name, and the digests, in hexadecimal, of those that are not there or damaged.
   */
  async snapshot<T>(
    home: string,
    copy: () => Promise<T>,
  ): Promise<{ answers: T; held: { name: string; bytes: number; sha256: string }[]; damaged: string[] }> {
    const { answers, digests } = await this.link(home, copy)
    const held: { name: string; bytes: number; sha256: string }[] = []
    const damaged: string[] = []
    // Outside the turn: uploads go on meanwhile.
    for (const digest of digests) {
      const sha256 = path.basename(this.#shelf(digest))
      const file = path.join(home, 'blobs', sha256)
      const there = await stat(file).catch(() => null)
      if (there && (await digestOf(file)) === digest) held.push({ name: `blobs/${sha256}`, bytes: there.size, sha256 })
      else damaged.push(sha256)
    }
    return { answers, held, damaged }
  }

  /**
   * Removes a file of `scratch`. Never rejects: the work with the file is complete, and the next start removes what is left.
   */
  discard(file: string): Promise<void> {
    return this.#tidy('a file that is not needed any more', () => rm(file, { force: true }))
  }

  /** Removes the blob unless an architecture names it. Never rejects: the next start tries again. */
  collect(digest: string): Promise<void> {
    return this.#tidy('a blob that no architecture names', () =>
      this.#exclusively(async () => {
        try {
          const { rows } = await this.#db.execute(sql`
            DELETE FROM blobs WHERE digest = ${digest} AND ${unnamed} RETURNING digest`)
          if (rows.length > 0) await rm(this.#shelf(digest), { force: true })
        } catch (error) {
          // Registered anew in the meantime.
          if (!naming.some((key) => isForeignKeyViolation(error, key))) throw error
        }
      }),
    )
  }

  /** @param what in the log, where `work` fails. */
  async #tidy(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (err) {
      this.#log.warn({ err }, `${what} could not be removed; the next start tries again`)
    }
  }

  /** Kept for the next request on this host. */
  async #keepCopy(file: string, digest: string): Promise<void> {
    try {
      await this.#dropStrays()
      await this.#shelve(file, digest)
    } catch (err) {
      this.#log.warn({ err, digest }, 'a copy of a blob could not be kept on this host; it is fetched again when it is needed')
    }
  }

  #shelf(digest: string): string {
    return path.join(this.#folder, digest.replace('sha256:', ''))
  }

  async #shelve(file: string, digest: string): Promise<void> {
    await makeFolder(this.#folder)
    await link(file, this.#shelf(digest)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }

  async #put(tx: Transaction, { path: file, digest, bytes }: BlobFile): Promise<void> {
    for (;;) {
      const { rows } = await tx.execute(
        sql`INSERT INTO blobs (digest, bytes) VALUES (${digest}, ${bytes}) ON CONFLICT DO NOTHING RETURNING digest`,
      )
      if (rows.length > 0) break
      // Locked against `collect` until this transaction ends; missing where `collect` came first.
      const held = await tx.execute(sql`SELECT 1 FROM blobs WHERE digest = ${digest} FOR KEY SHARE`)
      if (held.rows.length > 0) return
    }
    if (this.#embedded) return
    let part = 0
    for await (const data of createReadStream(file, { highWaterMark: chunkBytes }))
      await tx.execute(sql`INSERT INTO blob_chunks (digest, part, data) VALUES (${digest}, ${part++}, ${data as Buffer})`)
  }

  /** Copies a blob from the server to a file. @returns false where the server does not have all of it. */
  async #fetch(digest: string, to: string): Promise<boolean> {
    const hash = createHash('sha256')
    const file = await open(to, 'wx', 0o600)
    try {
      for (let part = 0; ; part++) {
        const [row] = await rowsOf<{ data: Uint8Array }>(
          this.#db,
          sql`SELECT data FROM blob_chunks WHERE digest = ${digest} AND part = ${part}`,
        )
        if (!row) break
        hash.update(row.data)
        await file.writeFile(row.data)
      }
    } finally {
      await file.close()
    }
    if (`sha256:${hash.digest('hex')}` === digest) return true
    await rm(to, { force: true })
    return false
  }

  /** Removes files without a row. */
  async #dropStrays(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    if (names.length === 0) return
    const rows = await rowsOf<{ digest: string }>(this.#db, sql`SELECT digest FROM blobs`)
    const known = new Set(rows.map(({ digest }) => this.#shelf(digest)))
    for (const name of names) {
      const file = path.join(this.#folder, name)
      if (!known.has(file)) await this.discard(file)
    }
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#embedded) return work()
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }
}

/** Whether the file could be renamed. */
async function linked(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** In hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const digestOf = async (file: string): Promise<string> => `sha256:${await sha256Of(file)}`
