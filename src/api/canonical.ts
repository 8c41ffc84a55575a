import { createHash } from 'node:crypto'
import { configure } from 'safe-stable-stringify'

/**
 * JSON with the keys of every object in order of their code units, so that equal values give equal text, however they were
 * written.
 */
const canonicalJson = configure({ deterministic: true, strict: true })

/** SHA-256 of a value's canonical JSON, in hexadecimal. @throws Error where JSON cannot express the value. */
export const canonicalHash = (value: object): string => createHash('sha256').update(canonicalJson(value)).digest('hex')
