/**
 * Temporary files of one process: uploads in progress, models that a run reads. They are next to the blobs, so that a file
 * becomes a blob by a link instead of a copy.
 */
import { randomUUID } from 'node:crypto'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { makeFolder } from './make-folder.ts'
import { fateOf, ownName } from './process-name.ts'

/**
 * Silence after which a process of another host or container sharing the folder counts as gone; there is no other way to
 * tell.
 */
const abandonedMs = 86_400_000
/** Interval at which a process shows that it runs: many times in `abandonedMs`, since a host may sleep or lose its disk. */
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

  /** Path of a new file. Its creator removes it; `close` removes what is left. */
  async path(): Promise<string> {
    // Done each time: it may have failed before, or the folder may have been cleared since.
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
