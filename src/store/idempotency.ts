import { StoreError } from './errors.ts'

/**
 * Returns what an earlier request with this key created, if it was the same request.
 * @throws StoreError IDEMPOTENCY_CONFLICT where it was a different one, or has no stored hash to compare.
 */
export function sameRequest<T extends { id: string; requestHash: string | null }>(
  found: T | undefined,
  requestHash: string | undefined,
): T {
  if (found && found.requestHash === (requestHash ?? null)) return found
  throw new StoreError(
    'IDEMPOTENCY_CONFLICT',
    `The Idempotency-Key was used before for another request${found ? ` (it made ${found.id})` : ''}: send a new key with a new request`,
  )
}
