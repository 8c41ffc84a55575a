/**
 * Keys and session tokens: made, recognized, reduced to what is stored. A secret has 256 random bits, so a plain SHA-256 of it
 * can be neither inverted nor searched; docs/adr/keys-by-digest.md says more.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `amk_`, eight hexadecimal digits by which people tell keys apart, and the secret. */
const keyPattern = /^(amk_[0-9a-f]{8})_[0-9a-f]{64}$/
const tokenPattern = /^[0-9a-f]{64}$/

/** A new key. @returns it, and the prefix that may be shown. */
export function makeKey(): { key: string; prefix: string } {
  const prefix = `amk_${randomBytes(4).toString('hex')}`
  return { key: `${prefix}_${randomBytes(32).toString('hex')}`, prefix }
}

/** A new session token: 256 random bits, hexadecimal. */
export const makeToken = (): string => randomBytes(32).toString('hex')

/** Whether a text has the form of a key; whether it is one is in the store. */
export const isKey = (text: string): boolean => keyPattern.test(text)
/** The same of a session token. */
export const isToken = (text: string): boolean => tokenPattern.test(text)

/** SHA-256 of a key or token, hexadecimal: what is stored and looked up. */
export const digestOf = (secret: string): string => hash('sha256', secret, 'hex')

/** A text without the secrets of the keys, and the tokens, in it, for a log: somebody may put one into an address. */
export function withoutKeys(text: string): string {
  const shown = text.includes('amk_') ? text.replace(/(amk_[0-9a-f]{8})_[0-9a-f]+/g, '$1_…') : text
  // A signed token begins with {", in base64url.
  return shown.includes('eyJ') ? shown.replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJ…') : shown
}

/** Compares two digests in constant time. */
export const sameDigest = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
