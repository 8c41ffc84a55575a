import { LRUCache } from 'lru-cache'
import type { KeySummary, Store } from '../../../store/index.ts'
import { type Caller, mayDo } from '../../access/roles.ts'

/** The name of a token's holder may change with the next token. */
const keptMs = 10_000

/** The beginnings and names of keys by id, of revoked ones too. */
export class KeyNames {
  readonly #store: Pick<Store, 'keys'>
  readonly #known = new LRUCache<string, KeySummary>({ max: 10_000, ttl: keptMs })

  constructor(store: Pick<Store, 'keys'>) {
    this.#store = store
  }

  /** @param ids of keys that were made once; null is passed over. One statement for those not known. */
  async of(ids: Iterable<string | null>): Promise<(id: string) => KeySummary> {
    const found = new Map<string, KeySummary>()
    const missing = new Set<string>()
    for (const id of ids) {
      if (id === null) continue
      const known = this.#known.get(id)
      if (known) found.set(id, known)
      else missing.add(id)
    }
    if (missing.size > 0)
      for (const key of await this.#store.keys.summaries([...missing])) {
        this.#known.set(key.id, key)
        found.set(key.id, key)
      }
    return (id) => found.get(id)!
  }
}

/** Whether the caller may see the name of a key: an admin, who reads all keys, and its own holder. Its beginning is no secret. */
export const maySeeName = (caller: Caller, keyId: string): boolean => mayDo(caller, 'admin') || caller.key?.id === keyId
