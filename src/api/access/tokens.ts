/** Bearer tokens of an OpenID Connect issuer: verified by its published keys, and reduced to who holds them and what they may do. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'
import { challenge, type Role, roles } from './roles.ts'
import { isSafeUrl } from './safe-url.ts'

export interface TokenSettings {
  /** As in the tokens' `iss`; its configuration lies below it. */
  issuer: string
  audience: string
  /** The claim that says what a holder may do: a name, or names with dots between for one inside another. */
  roleClaim: string
  /** Values of that claim, by role. */
  values: Readonly<Record<Role, readonly string[]>>
}

/** What a valid token says. */
export interface Verified {
  issuer: string
  subject: string
  /** To be shown. */
  name: string
  role: Role
  /** ms since the epoch. */
  expiresAt: number
}

/** Signatures that are taken: those of key pairs alone, so that nobody signs with what the issuer publishes (RFC 8725, 3.1). */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
/** By how much the issuer's clock may differ, s. */
const clockToleranceS = 30
const fetchMs = 5000
/** After a failure the issuer is not asked again for so long, ms. */
const retryMs = 5000
/** Keys are fetched again after so long, ms; for an unknown key id at most so often. */
const keysMaxAgeMs = 600_000
const unknownKeyMs = 30_000

/** Three parts of base64url with dots between. Whether it is a valid token is the issuer's to say. */
export const isJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

const invalid = (why: string) => new ApiError('UNAUTHENTICATED', `the token is not valid: ${why}`, [], challenge('invalid_token'))

export class TokenVerifier {
  readonly #settings: TokenSettings
  readonly #log: { warn(object: object, message: string): void }
  #keys: JWTVerifyGetKey | null = null
  #opening: Promise<JWTVerifyGetKey> | null = null
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(settings: TokenSettings, log: { warn(object: object, message: string): void }) {
    this.#settings = settings
    this.#log = log
  }

  /** @throws ApiError UNAUTHENTICATED, FORBIDDEN where it names no role, ISSUER_UNREACHABLE */
  async verify(token: string): Promise<Verified> {
    const { issuer, audience } = this.#settings
    let payload: JWTPayload
    try {
      const options = { issuer, audience, algorithms, clockTolerance: clockToleranceS, requiredClaims: ['exp', 'sub'] }
      payload = (await jwtVerify(token, await this.#published(), options)).payload
    } catch (error) {
      throw this.#refusal(error)
    }
    const { sub, exp } = payload
    if (!sub || sub.length > 255) throw invalid('its claim sub must have 1 to 255 characters')
    return { issuer, subject: sub, name: nameOf(payload), role: this.#roleOf(payload), expiresAt: (exp! + clockToleranceS) * 1000 }
  }

  /** The highest role that the claim names. */
  #roleOf(payload: JWTPayload): Role {
    const { roleClaim, values } = this.#settings
    const claim = roleClaim.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], payload)
    // Scopes are one text with spaces between (RFC 8693, 4.2).
    const given = new Set(typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [])
    const role = roles.findLast((each) => values[each].some((value) => given.has(value)))
    if (role) return role
    const wanted = roles.flatMap((each) => values[each].map((value) => `${value} (${each})`)).join(', ')
    throw new ApiError(
      'FORBIDDEN',
      `the claim ${roleClaim} of your token names no role here: it needs one of ${wanted}`,
      [],
      challenge('insufficient_scope'),
    )
  }

  /** The issuer's keys, where its configuration says they are. Fetched when they are first wanted. */
  async #published(): Promise<JWTVerifyGetKey> {
    if (this.#keys) return this.#keys
    if (performance.now() - this.#failedAt < retryMs) throw new Error('the issuer did not answer a moment ago')
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null
    })
    return (this.#keys = await this.#opening)
  }

  async #open(): Promise<JWTVerifyGetKey> {
    const { issuer } = this.#settings
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const answer = await fetch(address, { signal: AbortSignal.timeout(fetchMs), redirect: 'error' })
    if (!answer.ok) throw new Error(`${address} answers ${answer.status}`)
    const found = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown }
    if (found.issuer !== issuer) throw new Error(`${address} is of another issuer, ${String(found.issuer).slice(0, 200)}`)
    if (typeof found.jwks_uri !== 'string' || !isSafeUrl(found.jwks_uri)) throw new Error(`${address} names no jwks_uri of https`)
    const keys = createRemoteJWKSet(new URL(found.jwks_uri), {
      timeoutDuration: fetchMs,
      cacheMaxAge: keysMaxAgeMs,
      cooldownDuration: unknownKeyMs,
    })
    return async (header, jws) => {
      if (performance.now() - this.#failedAt < retryMs) throw new Error('the issuer did not answer a moment ago')
      return keys(header, jws)
    }
  }

  /** Says what is wrong with a token, never what it holds. */
  #refusal(error: unknown): ApiError {
    if (error instanceof errors.JWTExpired) return invalid('it has expired: get another one from its issuer')
    if (error instanceof errors.JWTClaimValidationFailed)
      return invalid(`its claim ${error.claim} is ${error.reason === 'missing' ? 'missing' : 'not what this service takes'}`)
    if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('its signature does not fit')
    if (error instanceof errors.JWKSNoMatchingKey) return invalid('its issuer publishes no such key')
    if (error instanceof errors.JWKSMultipleMatchingKeys) return invalid('it names no key (kid), and its issuer publishes several')
    if (error instanceof errors.JOSEAlgNotAllowed) return invalid(`its signature must be one of ${algorithms.join(', ')}`)
    if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid || error instanceof errors.JOSENotSupported)
      return invalid('it is no signed token (JWS) as RFC 7519 has it')
    const { message } = error as Error
    if (performance.now() - this.#failedAt >= retryMs) {
      this.#failedAt = performance.now()
      this.#log.warn({ issuer: this.#settings.issuer, reason: message }, 'the issuer of tokens does not give its keys')
    }
    return new ApiError(
      'ISSUER_UNREACHABLE',
      'the issuer of tokens does not give its keys: try again in a few seconds, or send an API key',
      [],
      {
        'retry-after': String(retryMs / 1000),
      },
    )
  }
}

/** The name to be shown: without what is not seen, since others read it. */
function nameOf({ sub, ...claims }: JWTPayload): string {
  const name = [claims.preferred_username, claims.email, claims.name, sub].find((each) => typeof each === 'string' && each.trim() !== '')
  return (
    String(name)
      .toWellFormed()
      .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
      .trim()
      .slice(0, 100) || 'unnamed'
  )
}

/** `admin=ops,runner=ml-team,runner=ci`, which the configuration has checked, as values by role. */
export function readRoleValues(text: string): Record<Role, string[]> {
  const values: Record<Role, string[]> = { reader: [], runner: [], admin: [] }
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    values[pair.slice(0, at).trim() as Role].push(pair.slice(at + 1).trim())
  }
  return values
}

/** Verifies tokens as configured; null where no issuer is set. */
export const createVerifier = (
  { OIDC_ISSUER, OIDC_AUDIENCE, OIDC_ROLE_CLAIM, OIDC_ROLES }: Config,
  log: { warn(object: object, message: string): void },
): TokenVerifier | null =>
  OIDC_ISSUER === undefined
    ? null
    : new TokenVerifier(
        { issuer: OIDC_ISSUER, audience: OIDC_AUDIENCE!, roleClaim: OIDC_ROLE_CLAIM, values: readRoleValues(OIDC_ROLES) },
        log,
      )
