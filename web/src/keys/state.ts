import type { Key } from '../api/types.ts'

/** Whether a key is taken, and if not, why. */
export function stateOf({ revokedAt, expiresAt }: Key): 'valid' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid'
}
