/**
 * Files that last no longer than what one process is doing: uploads under way, models that a run reads. They lie beside
 * the blobs, so that a file becomes one by a link and not by a copy.
 */
import { randomUUID } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { fateOf, ownName } from './process-name.ts'

/** Of processes of other hosts and containers in a shared folder nobody can tell whether they run but by this silence. */
const abandonedMs = 86_400_000
/** A process says so often that it runs: many times in `abandonedMs`, since a host may be asleep, or its disk away. */
const touchedEveryMs = 3_600_000

export class Scratch {
  readonly #folder: string
  readonly #own: string
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined

  /** @param folder of all processes that share it. @param everyMs for tests. */
  constructor(folder: string, everyMs = touchedEveryMs) {
    this.#folder = folder
    this.#own = path.join(folder, [...ownName(), randomUUID()].join(','))
    this.#everyMs = everyMs
  }

  /** Path of a file that is not there yet. Whoever makes it removes it; `close` removes what is left. */
  async path(): Promise<string> {
    // Each time: it may have failed before, and somebody may have cleared the folder since.
    await makeFolder(this.#own)
    this.#timer ??= setInterval(() => {
      const now = new Date()
      utimes(this.#own, now, now).catch(() => {})
    }, this.#everyMs).unref()
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
    clearInterval(this.#timer)
    return rm(this.#own, { recursive: true, force: true })
  }
}

async function isAbandoned(name: string, folder: string): Promise<boolean> {
  const fate = fateOf(name.split(',').slice(0, -1))
  if (fate !== 'unknown') return fate === 'gone'
  const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > abandonedMs
}
