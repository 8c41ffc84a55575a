/** Recognizes callers by the keys and sessions of the store, which are read at most every few seconds. */
import type { Store } from '../../store/index.ts'
import type { Credentials } from '../../store/keys.ts'
import { ApiError } from '../errors.ts'
import { bearerToken, Holders } from './holders.ts'
import { type Known, knownOf } from './known.ts'
import { type Caller, challenge, type Role } from './roles.ts'
import { digestOf, isKey, isToken, sameDigest } from './secret.ts'
import type { TokenVerifier } from './tokens.ts'

/** How long what was read counts as true, ms. Changes by this process, and those that a notice tells of, count at once. */
const freshMs = 5000
/** How long it still counts while the database does not answer, ms: nothing can be changed there meanwhile. */
const staleMs = 60_000
/** The same for what only tells how the service is, and is wanted most while the database is gone, ms. */
export const watchStaleMs = 86_400_000
/** An unknown key may be newer than what was read: it is looked for again, but not more often than this, ms. */
const unknownMs = 1000
/** A key's last use is kept to this precision, ms. */
const touchMs = 60_000
/** How often open streams are checked for keys that expire, ms. */
const watchMs = 5000

/** What of a request says who sent it. */
export interface Presented {
  authorization?: string | undefined
  /** The token of the session cookie; null where the request is not one of our own pages. */
  session?: string | null
}

interface Read {
  /** Whether any key was ever made. */
  made: boolean
  known: ReadonlyMap<string, Known>
  at: number
}

export interface KeyringOptions {
  keys: Pick<Store['keys'], 'credentials' | 'touch'> & Partial<Pick<Store['keys'], 'holder'>>
  notifications: Pick<Store['notifications'], 'onKeys'>
  log: { warn(object: object, message: string): void }
  /** What a caller may do as long as no key was made. */
  anonymous: Role
  /** Verifies tokens of an issuer; where there is one, every call needs a key or a token. */
  tokens?: Pick<TokenVerifier, 'verify'> | null
}

export class Keyring {
  readonly anonymous: Caller
  readonly #holders: Holders | null
  readonly #keys: KeyringOptions['keys']
  readonly #log: KeyringOptions['log']
  #read: Read | null = null
  /** Changes so far: a read that began before the latest is not kept. */
  #changes = 0
  #reading: Promise<Read> | null = null
  /** When the database last did not answer. */
  #failedAt = Number.NEGATIVE_INFINITY
  readonly #touched = new Map<string, number>()
  readonly #watched = new Map<() => void, Caller>()
  #timer: NodeJS.Timeout | null = null

  constructor({ keys, notifications, log, anonymous, tokens = null }: KeyringOptions) {
    this.#keys = keys
    this.#holders = tokens && new Holders({ tokens, keys: keys as Store['keys'], changed: () => this.changed() })
    this.#log = log
    this.anonymous = { role: anonymous, key: null }
    notifications.onKeys(() => this.changed())
  }

  /** Keys or sessions changed: the next request reads them again, and streams of revoked ones end. */
  changed(): void {
    this.#read = null
    this.#reading = null
    this.#holders?.forget()
    this.#changes += 1
    if (this.#watched.size > 0) void this.#endInvalid()
  }

  /** Whether any key was ever made, or tokens are taken, so that every call needs one. @throws StoreError DATABASE_UNREACHABLE */
  async made(): Promise<boolean> {
    return this.#holders !== null || (await this.#current()).made
  }

  /**
   * Who sent a request; at once where what was read is fresh.
   * @param outlastMs how long what was read stands while the database does not answer, ms.
   * @throws ApiError UNAUTHENTICATED without a valid key, once one was made; StoreError DATABASE_UNREACHABLE
   */
  identify(presented: Presented, outlastMs = staleMs): Caller | Promise<Caller> {
    const token = this.#holders && presented.authorization !== undefined ? bearerToken(presented.authorization) : null
    if (token !== null) return this.#ofToken(token)
    const read = this.#standing(outlastMs)
    if (read) {
      const caller = this.#find(read, presented)
      if (caller) return caller
      if (performance.now() - read.at < unknownMs || !isPlausible(presented)) throw refusal(presented)
    }
    return this.#identifyAnew(presented, outlastMs)
  }

  async #ofToken(token: string): Promise<Caller> {
    const caller = await this.#holders!.of(token)
    this.#touch(caller.key!.id)
    return caller
  }

  async #identifyAnew(presented: Presented, outlastMs: number): Promise<Caller> {
    const read = this.#read && performance.now() - this.#read.at < unknownMs ? this.#read : await this.#renewed(outlastMs)
    const caller = this.#find(read, presented)
    if (caller) return caller
    throw refusal(presented)
  }

  /** Calls `end` when the key, or the session by which the caller came, is revoked or expires; returns how to stop. */
  watch(caller: Caller, end: () => void): () => void {
    this.#watched.set(end, caller)
    this.#timer ??= setInterval(() => void this.#endInvalid(), watchMs).unref()
    return () => {
      this.#watched.delete(end)
      if (this.#watched.size > 0 || !this.#timer) return
      clearInterval(this.#timer)
      this.#timer = null
    }
  }

  async #endInvalid(): Promise<void> {
    // A timer of every service, beside what it times: without keys it asks nothing.
    if (this.#read && !this.#read.made && performance.now() - this.#read.at < staleMs) return
    const read = await this.#current().catch(() => null)
    for (const [end, caller] of [...this.#watched]) {
      const known = knownOf.get(caller)
      // What has run out is known without the database, too.
      const over = known ? known.until <= Date.now() || (read !== null && !read.known.has(known.digest)) : read?.made === true
      if (over) end()
    }
  }

  #find({ made, known }: Read, { authorization, session }: Presented): Caller | null {
    if (!made && !this.#holders) return this.anonymous
    const secret = authorization === undefined ? tokenOf(session) : keyOf(authorization)
    if (secret === null) return null
    const digest = digestOf(secret)
    const found = known.get(digest)
    if (!found || !sameDigest(found.digest, digest) || found.until <= Date.now()) return null
    this.#touch(found.caller.key!.id)
    return found.caller
  }

  async #current(): Promise<Read> {
    return this.#standing(staleMs) ?? this.#renewed(staleMs)
  }

  /** What was read, as long as it counts. While the database does not answer it is asked beside the calls, which need not wait for it. */
  #standing(outlastMs: number): Read | null {
    const read = this.#read
    const now = performance.now()
    if (!read || now - read.at < freshMs) return read
    if (this.#failedAt < read.at || !outlasts(read, outlastMs)) return null
    if (!this.#reading && now - this.#failedAt > unknownMs) this.#renewed(outlastMs).catch(() => {})
    return read
  }

  /** Reads again; callers that come meanwhile share the read. What was read before stands in where the database is gone. */
  async #renewed(outlastMs: number): Promise<Read> {
    const before = this.#read
    const change = this.#changes
    const reading = (this.#reading ??= this.#keys.credentials().then(readOf))
    try {
      const read = await reading
      // It knows of every change before this call, which is all that this call needs. Waiting for a time without changes
      // would let whoever makes many of them keep everybody out.
      if (change === this.#changes) this.#read = read
      return read
    } catch (error) {
      this.#failedAt = performance.now()
      if (before && outlasts(before, outlastMs)) return before
      throw error
    } finally {
      if (this.#reading === reading) this.#reading = null
    }
  }

  /** Notes a key's use, beside the request. */
  #touch(id: string): void {
    const now = performance.now()
    const last = this.#touched.get(id)
    if (last !== undefined && now - last < touchMs) return
    this.#touched.set(id, now)
    this.#keys.touch([id]).catch((err: unknown) => this.#log.warn({ err }, 'the last use of a key was not stored'))
  }
}

/** Whether what was read counts although the database does not answer. Without keys nobody was kept out before either. */
const outlasts = ({ made, at }: Read, outlastMs: number): boolean => !made || performance.now() - at < outlastMs

function readOf({ made, keys, sessions }: Credentials): Read {
  const known = new Map<string, Known>()
  const byId = new Map<string, Known>()
  const add = (caller: Caller, digest: string, until: number): Known => {
    const entry = { caller, digest, until }
    known.set(digest, entry)
    knownOf.set(caller, entry)
    return entry
  }
  for (const { id, prefix, name, role, digest, expiresAt } of keys)
    byId.set(id, add({ role, key: { id, prefix, name, expiresAt } }, digest, expiresAt?.getTime() ?? Number.POSITIVE_INFINITY))
  for (const { digest, keyId, expiresAt } of sessions) {
    const of = byId.get(keyId)
    // A caller of its own: a stream ends with the session that it came by.
    if (of) add({ ...of.caller }, digest, Math.min(of.until, expiresAt.getTime()))
  }
  return { made, known, at: performance.now() }
}

/** The key of an `Authorization` header; null where it holds none. */
function keyOf(authorization: string): string | null {
  const [, key] = /^Bearer +(\S+)$/i.exec(authorization.trim()) ?? []
  return key !== undefined && isKey(key) ? key : null
}

/** The token of a cookie; null where it holds none, such as a key. */
const tokenOf = (session: string | null | undefined): string | null => (session && isToken(session) ? session : null)

const isPlausible = ({ authorization, session }: Presented): boolean =>
  (authorization === undefined ? tokenOf(session) : keyOf(authorization)) !== null

/** Says what is missing, and never what was sent. */
function refusal({ authorization, session }: Presented): ApiError {
  const ask = 'make one by npm run keys, or ask an admin for one'
  const of = (detail: string, error: string) => new ApiError('UNAUTHENTICATED', detail, [], challenge(error))
  if (authorization === undefined)
    return session
      ? of('the session has ended: sign in again at /, or send a key as "Authorization: Bearer amk_…"', 'invalid_token')
      : of(`this service takes calls with a key alone: send it as "Authorization: Bearer amk_…", or sign in at /; ${ask}`, '')
  if (keyOf(authorization) === null)
    return of('the Authorization header does not hold a key of this service: it must read "Bearer amk_…"', 'invalid_request')
  return of(`the key is unknown, revoked or expired: ${ask}`, 'invalid_token')
}
