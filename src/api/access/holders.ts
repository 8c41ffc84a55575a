/** Holders of tokens as callers. Each has a row among the keys, by which it is counted, audited and, where need be, barred. */
import type { Store } from '../../store/index.ts'
import { ApiError } from '../errors.ts'
import { knownOf } from './known.ts'
import { type Caller, challenge } from './roles.ts'
import { digestOf } from './secret.ts'
import { isJwt, type TokenVerifier } from './tokens.ts'

/** How long a verified token is not looked at again, ms. */
const freshMs = 5000
/** Tokens that are remembered at most: the oldest go first. */
const mostTokens = 1000

/** The token of an `Authorization` header; null where it holds none, such as a key. */
export function bearerToken(authorization: string): string | null {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization.trim()) ?? []
  return token !== undefined && isJwt(token) ? token : null
}

export interface HoldersOptions {
  tokens: Pick<TokenVerifier, 'verify'>
  keys: Pick<Store['keys'], 'holder'>
  /** A holder was seen first, or changed its role. */
  changed(): void
}

export class Holders {
  readonly #options: HoldersOptions
  readonly #seen = new Map<string, { caller: Caller; at: number; expiresAt: number }>()

  constructor(options: HoldersOptions) {
    this.#options = options
  }

  /** Something changed among the keys: a holder may have been barred. */
  forget(): void {
    this.#seen.clear()
  }

  /** @throws ApiError as `TokenVerifier.verify` does, UNAUTHENTICATED of a holder that was barred; StoreError DATABASE_UNREACHABLE */
  async of(token: string): Promise<Caller> {
    const digest = digestOf(token)
    const seen = this.#seen.get(digest)
    if (seen && performance.now() - seen.at < freshMs && seen.expiresAt > Date.now()) return seen.caller
    const { tokens, keys, changed } = this.#options
    const { issuer, subject, name, role, expiresAt } = await tokens.verify(token)
    const of = digestOf(`${issuer}\0${subject}`)
    const holder = { issuer, subject, name, role, prefix: `oidc_${of.slice(0, 8)}`, digest: `oidc:${of}` }
    const { key, created } = await keys.holder(holder)
    if (key.revokedAt)
      throw new ApiError('UNAUTHENTICATED', 'an admin has barred the holder of this token here', [], challenge('invalid_token'))
    if (created) changed()
    const caller: Caller = { role, key: { id: key.id, prefix: key.prefix, name, expiresAt: new Date(expiresAt) } }
    knownOf.set(caller, { caller, digest: key.digest, until: expiresAt })
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size < mostTokens) break
      this.#seen.delete(oldest)
    }
    this.#seen.set(digest, { caller, at: performance.now(), expiresAt })
    return caller
  }
}
