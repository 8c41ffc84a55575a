import type { Certificate } from '../contract.ts'
import { verdictOf } from './verdict.ts'

/**
 * The certificate of a comparison: every reason of any block, with the number of blocks that gave it, except unsteadiness
 * within a block, which the rounds account for.
 */
export function ofBlocks(blocks: readonly Certificate[]): Certificate {
  const byCode = new Map<string, string[]>()
  for (const { reasons } of blocks)
    for (const { code, message } of reasons) if (code !== 'UNSTABLE') byCode.set(code, [...(byCode.get(code) ?? []), message])
  return {
    verdict: verdictOf(
      blocks.some(({ verdict }) => verdict === 'invalid'),
      byCode.size > 0,
    ),
    reasons: [...byCode].map(([code, messages]) => ({
      code,
      message: `In ${messages.length} of ${blocks.length} blocks; the first: ${messages[0]}`,
    })),
  }
}
