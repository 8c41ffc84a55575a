/**
 * Watches the free space on the disk of the data folder. New work is refused while it is low, so that running work can be
 * stored. If another program fills the disk, a reserve file is removed, and created again once there is space.
 */
import { constants } from 'node:fs'
import { access, open, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import { StoreError } from './errors.ts'

const MiB = 2 ** 20
/** With fewer free bytes no new work is accepted: PostgreSQL's log grows by 16 MiB at a time. */
const leastFree = 32 * MiB
/** How long a reading of the free space is valid, ms. */
const knownMs = 1000

export interface DiskSpaceOptions {
  /** Size of the reserve file that is removed when the disk is full, bytes; 0: none. */
  reserveBytes?: number
  /** Free bytes of the disk that a folder lies on; replaced in tests. */
  freeBytes?: (folder: string) => Promise<number>
}

export class DiskSpace {
  readonly #folder: string
  readonly #reserve: string
  readonly #reserveBytes: number
  readonly #freeBytes: (folder: string) => Promise<number>
  /** Whether the reserve file exists; without it, more space must be free before new work is accepted. */
  #reserved = false
  #known: { at: number; problem: StoreError | null } | null = null

  constructor(folder: string, { reserveBytes = 0, freeBytes = freeOf }: DiskSpaceOptions = {}) {
    this.#folder = folder
    this.#reserve = path.join(folder, 'reserve')
    this.#reserveBytes = reserveBytes
    this.#freeBytes = freeBytes
  }

  /** Checks that new work may be accepted. @throws StoreError DISK_FULL, DATA_FOLDER_READ_ONLY */
  async require(): Promise<void> {
    if (this.#known === null || performance.now() - this.#known.at > knownMs)
      this.#known = { at: performance.now(), problem: await this.#look() }
    if (this.#known.problem) throw this.#known.problem
  }

  async #look(): Promise<StoreError | null> {
    try {
      await access(this.#folder, constants.W_OK)
      await this.#probe()
      const free = await this.#freeBytes(this.#folder)
      const needed = leastFree + (this.#reserved ? 0 : this.#reserveBytes)
      if (free < needed) {
        this.#reserved = false
        await rm(this.#reserve, { force: true })
        return full(Math.floor(free / MiB), Math.ceil((leastFree + this.#reserveBytes) / MiB))
      }
      if (!this.#reserved) await this.#makeReserve()
      return null
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException
      if (code === 'EACCES' || code === 'EPERM') return readOnly(error, code)
      return diskProblem(error) ?? new StoreError('DATA_FOLDER_UNUSABLE', `The data folder cannot be used: ${message}`, { cause: error })
    }
  }

  /** Writes a byte: a file system that became read-only by an error still grants access (ext4 with errors=remount-ro). */
  async #probe(): Promise<void> {
    if (!this.#reserved || this.#reserveBytes === 0) return
    try {
      const file = await open(this.#reserve, 'r+')
      try {
        await file.write(new Uint8Array(1), 0, 1, 0)
      } finally {
        await file.close()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      // Somebody removed it: it is made again.
      this.#reserved = false
    }
  }

  /** Written in full: a sparse file would reserve nothing. */
  async #makeReserve(): Promise<void> {
    if (this.#reserveBytes > 0) {
      const file = await open(this.#reserve, 'w', 0o600)
      try {
        for (let at = 0; at < this.#reserveBytes; at += MiB) await file.write(new Uint8Array(MiB), 0, MiB, at)
      } finally {
        await file.close()
      }
    }
    this.#reserved = true
  }
}

async function freeOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

const full = (freeMiB: number, neededMiB: number): StoreError =>
  new StoreError('DISK_FULL', `The disk of the data folder has ${freeMiB} MiB left: new work is accepted when ${neededMiB} MiB are free`)

/** Translates an error of the file system or of PostgreSQL that says the disk is full or read-only; null for others. */
export function diskProblem(error: unknown): StoreError | null {
  for (
    let cause = error as { code?: unknown; message?: string; cause?: unknown } | null | undefined, depth = 0;
    cause && depth < 5;
    depth++
  ) {
    // 53100 is disk_full (PostgreSQL manual, appendix A).
    if (cause.code === 'ENOSPC' || cause.code === 'EDQUOT' || cause.code === '53100')
      return new StoreError('DISK_FULL', 'The disk is full: free some space and try again', { cause: error })
    // PostgreSQL tells EROFS as insufficient_privilege (errcode_for_file_access), which it also says of tables.
    if (cause.code === 'EROFS' || (cause.code === '42501' && /read-only file system/i.test(cause.message ?? '')))
      return readOnly(error, 'EROFS')
    cause = cause.cause as typeof cause
  }
  return null
}

const readOnly = (error: unknown, code: string): StoreError =>
  new StoreError(
    'DATA_FOLDER_READ_ONLY',
    `The data folder cannot be written to (${code}): mount it writable, or set DATA_DIR to a folder this user may write to`,
    { cause: error },
  )
