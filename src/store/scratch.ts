/**
 * Files that last no longer than what one process is doing: uploads under way, models that a run reads. They lie beside
 * the blobs, so that a file becomes one by a link and not by a copy.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'

/** What processes of other hosts, or of other containers, left in a folder that is shared: nobody else can tell. */
const abandonedMs = 86_400_000

export class Scratch {
  readonly #folder: string
  readonly #own: string
  #made: Promise<unknown> | null = null

  /** @param folder of all processes that share it. */
  constructor(folder: string) {
    this.#folder = folder
    this.#own = path.join(folder, `${hostname()},${process.pid},${randomUUID()}`)
  }

  /** Path of a file that is not there yet. Whoever makes it removes it; `close` removes what is left. */
  async path(): Promise<string> {
    this.#made ??= mkdir(this.#own, { recursive: true, mode: 0o700 })
    await this.#made
    return path.join(this.#own, randomUUID())
  }

  /** Removes what processes that ended without `close` left behind. @param alone no other process can use the folder. */
  async sweep(alone: boolean): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const left = path.join(this.#folder, name)
      if (alone || (await isAbandoned(name, left))) await rm(left, { recursive: true, force: true })
    }
  }

  close(): Promise<void> {
    return rm(this.#own, { recursive: true, force: true })
  }
}

async function isAbandoned(name: string, folder: string): Promise<boolean> {
  const [host, pid] = name.split(',')
  if (host !== hostname()) return Date.now() - (await stat(folder).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs > abandonedMs
  // An earlier life of this process, in a container that starts anew with the same number.
  if (Number(pid) === process.pid) return true
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
