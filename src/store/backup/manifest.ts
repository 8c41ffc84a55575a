/**
 * What a backup of the embedded store holds: a tar archive, in which `manifest.json` comes first and names every other file
 * with its size and SHA-256. Files of the database lie below `pglite/`, those of networks below `blobs/`, named by their digest.
 */
import path from 'node:path'
import { type Static, Type } from 'typebox'
import { schemaViolations } from '../../engine/schema-violations.ts'
import { StoreError } from '../errors.ts'

export const manifestName = 'manifest.json'
/** The largest manifest that is read: 100,000 files and more. */
export const mostManifestBytes = 2 ** 25

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' })

export const ManifestSchema = Type.Object({
  format: Type.Literal('archmeter-backup'),
  version: Type.Literal(1),
  madeAt: Type.String(),
  /** Major version of PostgreSQL whose files these are. */
  postgres: Type.String(),
  /** Migrations that the database has had. */
  migrations: Type.Array(Type.Object({ name: Type.String(), digest: Type.String() })),
  /** Rows of the tables that people fill, by table. */
  rows: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  /** Folders, empty ones too, in which PostgreSQL expects to write. */
  folders: Type.Array(Type.String()),
  files: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer({ minimum: 0 }), sha256: Digest })),
  /** Digests of files of networks that the data folder does not have, or not whole. */
  damaged: Type.Array(Digest),
})
export type Manifest = Static<typeof ManifestSchema>
export type BackupFile = Manifest['files'][number]

/** `pglite/…` or `blobs/…`, with nothing in it that leads elsewhere. */
const safeName = /^(pglite|blobs)(\/[A-Za-z0-9_][\w.-]*)*$/

export const badBackup = (why: string, cause?: unknown): StoreError =>
  new StoreError('BACKUP_UNUSABLE', `This is no backup that can be restored: ${why}`, { cause })

/** @throws StoreError BACKUP_UNUSABLE, saying why. */
export function readManifest(text: string): Manifest {
  let manifest: Manifest
  try {
    manifest = JSON.parse(text)
  } catch (cause) {
    throw badBackup(`its ${manifestName} is not JSON`, cause)
  }
  const { format, version } = (manifest ?? {}) as Partial<Record<keyof Manifest, unknown>>
  if (format !== 'archmeter-backup') throw badBackup(`its ${manifestName} is not one of Archmeter`)
  if (version !== 1) throw badBackup(`it has the format ${String(version)}, and this version of Archmeter reads 1`)
  const [violation] = schemaViolations(ManifestSchema, manifest)
  if (violation) throw badBackup(`in its ${manifestName} ${violation.message}`)
  for (const name of [...manifest.folders, ...manifest.files.map((file) => file.name)])
    if (!safeName.test(name)) throw badBackup(`it has a file of the name ${JSON.stringify(name.slice(0, 100))}`)
  const folders = new Set(manifest.folders)
  for (const name of ['blobs', 'pglite']) if (!folders.has(name)) throw badBackup(`its ${manifestName} has no folder ${name}`)
  // Without it the database would be taken for a new one, and filled anew.
  if (!manifest.files.some(({ name }) => name === 'pglite/PG_VERSION')) throw badBackup('it holds no database (pglite/PG_VERSION)')
  for (const { name } of manifest.files)
    if (!folders.has(path.posix.dirname(name))) throw badBackup(`the folder of ${name} is not among those of its ${manifestName}`)
  for (const { name, sha256 } of manifest.files)
    if (name.startsWith('blobs/') && name !== `blobs/${sha256}`) throw badBackup(`${name} is not named by its digest`)
  return manifest
}
