/**
 * Backups of the embedded store while it serves. The database is copied by its own thread after a checkpoint, while no
 * statement runs, so the copy is what a clean stop would have left; statements that come meanwhile wait. Files of networks
 * are linked in the same turn, so that each row of the copy has its file.
 */
import { createReadStream } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { type Blobs, sha256Of } from '../blobs.ts'
import type { Driver } from '../database.ts'
import { StoreError } from '../errors.ts'
import { tarStream } from '../tar.ts'
import { type BackupFile, type Manifest, manifestName } from './manifest.ts'

/** Tables whose rows a backup counts. */
const counted = ['architectures', 'runs', 'run_events', 'run_samples', 'sweeps', 'blobs', 'api_keys'] as const
const countRows = counted.map((table) => `SELECT '${table}' AS name, count(*)::text AS digest FROM ${table}`).join(' UNION ALL ')
const listMigrations = 'SELECT name, digest FROM archmeter_migrations ORDER BY name'

/** A backup that is ready to be written. */
export interface Backup {
  manifest: Manifest
  /** Of the archive. */
  bytes: number
  /** Writes the archive, once. What lies on disk for it is removed when the stream ends, however it ends. */
  stream(): Readable
  /** Removes what lies on disk for it, where it is not written. */
  discard(): Promise<void>
}

const block = 512
const padded = (bytes: number): number => Math.ceil(bytes / block) * block

/** @throws StoreError BACKUP_BY_PG_DUMP where the database is a server's, DATABASE_UNREACHABLE */
export async function takeBackup({ copy }: Driver, blobs: Blobs): Promise<Backup> {
  if (!copy)
    throw new StoreError(
      'BACKUP_BY_PG_DUMP',
      'This service keeps everything in a PostgreSQL server, the files of networks too, so its own tools back it up: ' +
        'pg_dump --format=custom --file=archmeter.dump "$DATABASE_URL". Into an empty database it is restored by ' +
        'pg_restore --no-owner --exit-on-error --dbname="$DATABASE_URL" archmeter.dump',
    )
  const home = await blobs.scratch.path()
  const discard = () => rm(home, { recursive: true, force: true })
  try {
    const { answers, held, damaged } = await blobs.snapshot(home, () => copy(path.join(home, 'pglite'), [countRows, listMigrations]))
    const [rows, migrations] = answers as [{ name: string; digest: string }[], Manifest['migrations']]
    const { files, folders } = await listed(path.join(home, 'pglite'), 'pglite')
    const manifest: Manifest = {
      ...{ format: 'archmeter-backup', version: 1, madeAt: new Date().toISOString() },
      postgres: (await readFile(path.join(home, 'pglite', 'PG_VERSION'), 'utf8')).trim(),
      migrations,
      rows: Object.fromEntries(rows.map(({ name, digest }) => [name, Number(digest)])),
      folders: ['blobs', ...folders],
      files: [...files, ...held],
      damaged,
    }
    const head = Buffer.from(JSON.stringify(manifest))
    const sizes = [head.length, ...manifest.files.map(({ bytes }) => bytes)]
    return {
      manifest,
      // Each with a block before it, and two at the end.
      bytes: sizes.reduce((sum, bytes) => sum + block + padded(bytes), 2 * block),
      stream: () => written(home, manifest, head, discard),
      discard,
    }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Every file and folder below, named from `as` on. */
async function listed(folder: string, as: string): Promise<{ files: BackupFile[]; folders: string[] }> {
  const files: BackupFile[] = []
  const folders = [as]
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const [at, name] = [path.join(folder, entry.name), `${as}/${entry.name}`]
    if (entry.isDirectory()) {
      const below = await listed(at, name)
      files.push(...below.files)
      folders.push(...below.folders)
    } else if (entry.isFile()) files.push({ name, bytes: (await stat(at)).size, sha256: await sha256Of(at) })
  }
  return { files, folders }
}

const written = (home: string, { madeAt, files }: Manifest, head: Buffer, discard: () => Promise<void>): Readable =>
  tarStream(
    async (add) => {
      const mtime = new Date(madeAt)
      await add({ name: manifestName, mtime, size: head.length }, [head])
      for (const { name, bytes: size } of files)
        await add({ name, mtime, size }, createReadStream(path.join(home, name), { highWaterMark: 2 ** 18 }))
    },
    () => void discard(),
  )
