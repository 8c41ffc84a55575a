import type { Life } from './lives.ts'

/** More buffers are not placed: each is held against all before it. */
export const mostPlaced = 4000

/**
 * Places buffers in one block of memory so that those alive together do not overlap: the largest first, each in the smallest
 * gap that holds it (greedy by size: Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", MLSys 2020).
 * Quadratic in buffers.
 * @returns the length of the block, never below what is alive at once, and where each buffer begins, in the order of `lives`; null
 *   where there are more than `mostPlaced`.
 */
export function placeBuffers(lives: readonly Life[]): { length: number; offsets: number[] } | null {
  if (lives.length > mostPlaced) return null
  const offsets = new Array<number>(lives.length).fill(0)
  const order = lives.map((_, i) => i).sort((a, b) => lives[b]!.size - lives[a]!.size || a - b)
  const placed: number[] = []
  let length = 0
  for (const each of order) {
    const { size, from, to } = lives[each]!
    if (size === 0) continue
    let [best, smallest, end] = [-1, Number.POSITIVE_INFINITY, 0]
    // `placed` is kept in the order of offsets.
    for (const other of placed) {
      const there = lives[other]!
      if (there.from > to || there.to < from) continue
      const gap = offsets[other]! - end
      if (gap >= size && gap < smallest) [best, smallest] = [end, gap]
      end = Math.max(end, offsets[other]! + there.size)
    }
    const offset = best < 0 ? end : best
    offsets[each] = offset
    length = Math.max(length, offset + size)
    let at = placed.length
    while (at > 0 && offsets[placed[at - 1]!]! > offset) at -= 1
    placed.splice(at, 0, each)
  }
  return { length, offsets }
}
