import type { RankOptions } from '../../../engine/rank-costs.ts'
import { invalidRequest } from '../../errors.ts'
import type { RankQuery } from './ranking-schema.ts'

/**
 * What a query asks of a ranking, as the engine takes it; null where it asks for none.
 * @throws ApiError INVALID_REQUEST where an option would mean nothing.
 */
export function readRanking({ groupBy, sort, top, depth }: RankQuery): RankOptions | null {
  if (depth !== undefined && groupBy !== 'block')
    throw invalidRequest('query', [{ path: '/depth', message: 'depth is for groupBy=block: ask for that, or leave depth out' }])
  if (groupBy === undefined && sort === undefined && top === undefined) return null
  return {
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(sort === undefined ? {} : { sort }),
    ...(top === undefined ? {} : { top }),
    ...(depth === undefined ? {} : { depth }),
  }
}
