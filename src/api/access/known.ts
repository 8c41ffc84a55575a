import type { Caller } from './roles.ts'

/** What a caller is known by. */
export interface Known {
  caller: Caller
  /** Of the key, or of the session. */
  digest: string
  /** ms since the epoch. */
  until: number
}

/** What a caller that a keyring gave is known by; nothing of one without a key. */
export const knownOf = new WeakMap<Caller, Known>()
