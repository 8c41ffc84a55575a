import { LRUCache } from 'lru-cache'
import type { Store } from '../../../store/index.ts'

/** Names of architectures by id, of deleted ones too. Kept, since an architecture never changes its name. */
export class ArchitectureNames {
  readonly #store: Pick<Store, 'architectures'>
  readonly #known = new LRUCache<string, string>({ max: 20_000 })

  constructor(store: Pick<Store, 'architectures'>) {
    this.#store = store
  }

  /** @param ids of architectures that were registered once; null is passed over. One statement for those not known yet. */
  async of(ids: Iterable<string | null>): Promise<(id: string) => string> {
    const asked = new Set([...ids].filter((id) => id !== null))
    const names = new Map<string, string>()
    for (const id of asked) {
      const known = this.#known.get(id)
      if (known !== undefined) names.set(id, known)
    }
    const missing = [...asked].filter((id) => !names.has(id))
    if (missing.length > 0)
      for (const [id, name] of await this.#store.architectures.names(missing)) {
        this.#known.set(id, name)
        names.set(id, name)
      }
    return (id) => names.get(id)!
  }
}
