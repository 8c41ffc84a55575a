import { schemaViolations } from '../../../engine/schema-violations.ts'
import type { ApiKey, AuditLine, Store } from '../../../store/index.ts'
import type { Keyring } from '../../access/keyring.ts'
import { type Caller, challenge } from '../../access/roles.ts'
import { digestOf, isKey, isToken, makeKey, makeToken } from '../../access/secret.ts'
import { ApiError, invalidRequest } from '../../errors.ts'
import {
  type KeyAnswer,
  KeyWeight,
  type MadeKey,
  NewKey,
  NewQuotas,
  type QuotasAnswer,
  type SessionAnswer,
  type UsageAnswer,
} from './schema.ts'

/** How long a browser's session lasts, s. */
export const sessionSeconds = 12 * 3600

/** Makes, lists and revokes API keys; opens and ends the sessions of browsers. */
export class KeyService {
  readonly #keys: Store['keys']
  readonly #usage: Store['usage']
  readonly #keyring: Keyring | null

  /** @param keyring of this process, which learns of changes at once; null where none serves. */
  constructor({ keys, usage }: Pick<Store, 'keys' | 'usage'>, keyring: Keyring | null) {
    this.#keys = keys
    this.#usage = usage
    this.#keyring = keyring
  }

  /**
   * Makes a key. As long as there is none of an admin it must be an admin's, since nobody gets in without a key from then on.
   * @throws ApiError INVALID_REQUEST; StoreError INVALID_TEXT
   */
  async create(given: NewKey, line: AuditLine): Promise<MadeKey> {
    // The command has no schema before it.
    const violations = schemaViolations(NewKey, given)
    if (violations.length > 0) throw invalidRequest('new key', violations)
    const { name, role, expiresAt, quotas, weight = 1 } = given
    const until = expiresAt === undefined ? null : new Date(expiresAt)
    // A leap second is a moment, though not one of this calendar.
    if (until && Number.isNaN(until.getTime()))
      throw invalidRequest('new key', [
        { path: '/expiresAt', message: `expiresAt is ${expiresAt}, which cannot be read: leave out the leap second` },
      ])
    if (until && !(until.getTime() > Date.now()))
      throw invalidRequest('new key', [{ path: '/expiresAt', message: `expiresAt is ${expiresAt}, but must be in the future` }])
    if (
      role !== 'admin' &&
      // Whoever asks with a key, or as the holder of a token, is an admin.
      line.keyId === null &&
      !(await this.#keys.list()).some(
        (each) => each.role === 'admin' && each.issuer === null && each.revokedAt === null && !hasExpired(each),
      )
    )
      throw invalidRequest('new key', [
        {
          path: '/role',
          message: `role is ${role}, but must be "admin" as long as there is no key of an admin, which alone can make others`,
        },
      ])
    const { key, prefix } = makeKey()
    const made = await this.#keys.insert(
      { name: name.trim(), role, prefix, digest: digestOf(key), expiresAt: until, ...quotas, weight },
      line,
    )
    this.#keyring?.changed()
    return { ...present(made), key }
  }

  /** Every key ever made, oldest first. */
  async list(): Promise<KeyAnswer[]> {
    return (await this.#keys.list()).map(present)
  }

  /** @throws ApiError KEY_NOT_FOUND */
  async get(id: string): Promise<KeyAnswer> {
    return present((await this.#keys.get(id)) ?? notFound(id))
  }

  /** Sets what a key may use. What it has used already counts. @throws ApiError INVALID_REQUEST, KEY_NOT_FOUND */
  async setQuotas(id: string, quotas: QuotasAnswer, line: AuditLine): Promise<KeyAnswer> {
    const violations = schemaViolations(NewQuotas, quotas)
    if (violations.length > 0) throw invalidRequest('quotas', violations)
    return present((await this.#keys.setQuotas(id, quotas, line)) ?? notFound(id))
  }

  /** Sets a key's share of a device against other keys', from the runs that end from now on. @throws ApiError INVALID_REQUEST, KEY_NOT_FOUND */
  async setWeight(id: string, weight: number, line: AuditLine): Promise<KeyAnswer> {
    const violations = schemaViolations(KeyWeight, { weight })
    if (violations.length > 0) throw invalidRequest('weight', violations)
    return present((await this.#keys.setWeight(id, weight, line)) ?? notFound(id))
  }

  /** What a key uses, and may use. @throws ApiError KEY_NOT_FOUND */
  async usage(id: string): Promise<UsageAnswer> {
    const key = (await this.#keys.get(id)) ?? notFound(id)
    const { hour, day, bytes, total, days } = (await this.#usage.of(key.id))!
    const span = ({ from, until }: { from: Date; until: Date }) => ({ from: from.toISOString(), until: until.toISOString() })
    const spent = ({ runs, deviceMs }: { runs: number; deviceMs: number }) => ({ runs, deviceSeconds: deviceMs / 1000 })
    return {
      keyId: key.id,
      quotas: quotasOf(key),
      weight: key.weight,
      hour: { ...span(hour), runs: hour.runs },
      day: { ...span(day), ...spent(day), expectedDeviceSeconds: day.expectedMs / 1000 },
      bytesStored: bytes,
      total: spent(total),
      days: days.map((each) => ({ day: each.day, ...spent(each) })),
    }
  }

  /** The same of the caller's own key. @throws ApiError KEY_NOT_FOUND without one */
  async ownUsage({ key }: Caller): Promise<UsageAnswer> {
    if (!key) throw new ApiError('KEY_NOT_FOUND', 'you sent no key, and what is used without one is counted for nobody')
    return this.usage(key.id)
  }

  /**
   * Revokes a key, and ends its sessions, streams and subscriptions. Once more changes nothing.
   * @param force also the last valid key of an admin.
   * @throws ApiError KEY_NOT_FOUND; StoreError LAST_ADMIN
   */
  async revoke(id: string, line: AuditLine, force = false): Promise<KeyAnswer> {
    const revoked = (await this.#keys.revoke(id, line, force)) ?? notFound(id)
    this.#keyring?.changed()
    return present(revoked)
  }

  /**
   * Opens a session for a key. @returns the cookie's value, which is not the key, and how long it lasts, s; null where no key
   * has been made, so that none is needed.
   * @throws ApiError UNAUTHENTICATED
   */
  async open(key: string): Promise<{ session: SessionAnswer; token: string; seconds: number } | null> {
    if (!isKey(key) && (await this.#keyring?.made()))
      throw new ApiError(
        'UNAUTHENTICATED',
        'key does not hold a key of this service: send the whole of it, "amk_…" with its 64 last digits',
        [],
        challenge('invalid_request'),
      )
    const caller = await this.#keyring?.identify({ authorization: `Bearer ${key}` })
    if (!caller?.key) return null
    const left = caller.key.expiresAt ? Math.floor((caller.key.expiresAt.getTime() - Date.now()) / 1000) : sessionSeconds
    const seconds = Math.min(sessionSeconds, Math.max(1, left))
    const token = makeToken()
    await this.#keys.insertSession({ digest: digestOf(token), keyId: caller.key.id, expiresAt: new Date(Date.now() + seconds * 1000) })
    this.#keyring?.changed()
    return { session: presentSession(caller), token, seconds }
  }

  /** Ends a session, if there is one. */
  async end(token: string): Promise<void> {
    if (isToken(token) && (await this.#keys.deleteSession(digestOf(token)))) this.#keyring?.changed()
  }
}

const notFound = (id: string): never => {
  throw new ApiError('KEY_NOT_FOUND', `no key ${id.slice(0, 60)}`)
}

/** Whether a key's time is over. */
export const hasExpired = ({ expiresAt }: Pick<ApiKey, 'expiresAt'>): boolean => expiresAt !== null && expiresAt.getTime() <= Date.now()

/** A caller as `GET /v1/session` shows it; times in ISO 8601. */
export const presentSession = ({ role, key }: Caller): SessionAnswer => ({
  role,
  key: key && { id: key.id, prefix: key.prefix, name: key.name },
  expiresAt: key?.expiresAt?.toISOString() ?? null,
})

const quotasOf = ({ runsPerHour, deviceSecondsPerDay, bytesStored }: ApiKey): QuotasAnswer => ({
  runsPerHour,
  deviceSecondsPerDay,
  bytesStored,
})

const present = ({ id, prefix, name, role, createdAt, expiresAt, lastUsedAt, revokedAt, ...rest }: ApiKey): KeyAnswer => ({
  ...{ id, prefix, name, role },
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  revokedAt: revokedAt?.toISOString() ?? null,
  quotas: quotasOf(rest as ApiKey),
  weight: rest.weight,
  issuer: rest.issuer,
})
