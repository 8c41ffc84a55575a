import { createHash } from 'node:crypto'
import type { LoadRequest, Runtime, Session } from '../../runtimes/contract.ts'
import { defaultRuntimeSettings, runtimeSettingNames } from '../../runtimes/settings.ts'

/** A network as a runtime holds it, ready to run again. */
export interface Loaded {
  session: Session
  /** What the load took. */
  loadMs: number
  /** At least what it holds. */
  bytes: number
}

/**
 * Sessions of this process, so that a run of what the last one ran need not load it. A session belongs to a run while
 * that lasts: taken out, and put back when it has succeeded. Bounded by bytes; the one that was used longest ago goes.
 */
export class SessionCache {
  readonly #mostBytes: number
  readonly #kept = new Map<string, Loaded>()

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  take(key: string): Loaded | null {
    const loaded = this.#kept.get(key) ?? null
    this.#kept.delete(key)
    return loaded
  }

  async keep(key: string, loaded: Loaded): Promise<void> {
    this.#kept.set(key, loaded)
    // In the order in which they were put back.
    for (const [oldest, { session }] of this.#kept) {
      if (this.bytes <= this.#mostBytes) break
      this.#kept.delete(oldest)
      await session.dispose()
    }
  }

  async clear(): Promise<void> {
    for (const { session } of this.#kept.values()) await session.dispose()
    this.#kept.clear()
  }
}

/**
 * Key of everything that determines a loaded network: graph, weights, runtime, shape, precision, threads, seed and what the
 * runtime is asked.
 */
export function sessionKey(
  runtime: Pick<Runtime, 'name' | 'backend'>,
  { graph, model, batch, resolution, precision, threads, seed, settings }: LoadRequest,
): string {
  const asked = runtimeSettingNames.map((name) => (settings ?? defaultRuntimeSettings)[name])
  const parts = [model?.digest, runtime.name, runtime.backend, batch, resolution, precision, threads, seed, asked, graph]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
