/** Restores a backup of the embedded store into an empty data folder, all or nothing. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { holdDataFolder } from '../data-folder.ts'
import { restoring } from '../drivers/pglite.ts'
import { postgresMajor } from '../drivers/pglite-options.ts'
import { StoreError } from '../errors.ts'
import { shippedMigrations } from '../migrate.ts'
import { type BackupFile, badBackup, type Manifest, manifestName, mostManifestBytes, readManifest } from './manifest.ts'

export interface Restored {
  manifest: Manifest
  /** Migrations that this version will add when it opens the folder. */
  toApply: string[]
}

/**
 * Checks every file of a backup against its digest, and writes them where a folder is given.
 * @param file of the archive. @param dataDir empty, or none yet; null: check alone.
 * @throws StoreError BACKUP_UNUSABLE, DATA_FOLDER_UNUSABLE where the folder is not empty, DATA_FOLDER_IN_USE
 */
export async function restoreBackup(file: string, dataDir: string | null): Promise<Restored> {
  if (dataDir === null) return unpack(file, null)
  const folder = await holdDataFolder(dataDir)
  try {
    const there = (await readdir(folder.path)).filter((name) => name !== 'in-use.sock')
    if (there.length > 0)
      throw new StoreError(
        'DATA_FOLDER_UNUSABLE',
        `The data folder ${folder.path} is not empty (${there.slice(0, 3).join(', ')}${there.length > 3 ? ' …' : ''}): a backup is restored into an empty one. Set DATA_DIR to a new folder, or move this one away`,
      )
    const aside = path.join(folder.path, restoring)
    await mkdir(aside, { mode: 0o700 })
    try {
      const restored = await unpack(file, aside)
      // The database last: without it nothing takes the folder for a whole one.
      for (const name of ['blobs', 'pglite']) await rename(path.join(aside, name), path.join(folder.path, name))
      return restored
    } catch (error) {
      for (const name of ['pglite', 'blobs']) await rm(path.join(folder.path, name), { recursive: true, force: true })
      throw error
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  } finally {
    await folder.release()
  }
}

async function unpack(file: string, to: string | null): Promise<Restored> {
  const archive = extract()
  let restored: Restored | undefined
  const left = new Map<string, BackupFile>()
  const reading = pipeline(createReadStream(file), archive).catch((error: NodeJS.ErrnoException) => {
    archive.destroy(error)
    throw error
  })
  reading.catch(() => {})
  try {
    for await (const entry of archive) {
      const { name, size = 0 } = entry.header
      if (!restored) {
        if (name !== manifestName || size > mostManifestBytes) throw badBackup(`it does not begin with ${manifestName}`)
        restored = await fitting(readManifest(await textOf(entry)))
        for (const each of restored.manifest.files) left.set(each.name, each)
        if (to !== null)
          for (const folder of restored.manifest.folders) await mkdir(path.join(to, folder), { recursive: true, mode: 0o700 })
        continue
      }
      const expected = left.get(name)
      if (!expected) throw badBackup(`it holds ${JSON.stringify(name.slice(0, 100))}, which its ${manifestName} does not name`)
      left.delete(name)
      const sha256 = await written(entry, to === null ? null : path.join(to, name))
      if (size !== expected.bytes || sha256 !== expected.sha256) throw badBackup(`${name} is not what was backed up: its digest differs`)
    }
    await reading
  } catch (error) {
    if (error instanceof StoreError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') throw badBackup(`${file} cannot be read (${code})`, error)
    if (code === 'ENOSPC') throw new StoreError('DISK_FULL', 'The disk is full: nothing was restored', { cause: error })
    throw badBackup(`the archive is broken (${message})`, error)
  }
  if (!restored) throw badBackup('the archive is empty')
  const [missing] = left.keys()
  if (missing !== undefined) throw badBackup(`${left.size} of its files are missing, ${missing} among them: it was cut off`)
  return restored
}

/** @throws StoreError BACKUP_UNUSABLE where this version cannot open what the backup holds. */
async function fitting(manifest: Manifest): Promise<Restored> {
  if (manifest.postgres !== postgresMajor)
    throw badBackup(
      `its database is of PostgreSQL ${manifest.postgres}, and the one here is ${postgresMajor}: restore it with the version of Archmeter that made it`,
    )
  const shipped = await shippedMigrations()
  const digests = new Map(shipped.map(({ name, digest }) => [name, digest]))
  const newer = manifest.migrations.filter(({ name }) => !digests.has(name)).map(({ name }) => name)
  if (newer.length > 0) throw badBackup(`a newer version of Archmeter made it (it has ${newer.join(', ')}): restore it with that version`)
  const changed = manifest.migrations.find(({ name, digest }) => digests.get(name) !== digest)
  if (changed) throw badBackup(`its migration ${changed.name} is another than the one here`)
  const had = new Set(manifest.migrations.map(({ name }) => name))
  return { manifest, toApply: shipped.map(({ name }) => name).filter((name) => !had.has(name)) }
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of entry) parts.push(chunk as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

/** @returns the SHA-256 of what the entry holds, in hexadecimal. */
async function written(entry: AsyncIterable<unknown>, to: string | null): Promise<string> {
  const hash = createHash('sha256')
  const file = to === null ? null : await open(to, 'wx', 0o600)
  try {
    for await (const chunk of entry) {
      hash.update(chunk as Buffer)
      await file?.writeFile(chunk as Buffer)
    }
  } finally {
    await file?.close()
  }
  return hash.digest('hex')
}
