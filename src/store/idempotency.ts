import { StoreError } from './errors.ts'

/**
 * What an earlier request under this key made, where that was the same request.
 * @throws StoreError IDEMPOTENCY_CONFLICT where it was another one, or has no hash to tell by.
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
