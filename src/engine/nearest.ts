import { distance } from 'fastest-levenshtein'

/**
 * The end of a sentence that proposes what the user may have meant: `; did you mean "kernelSize"?`, else the choices
 * where they are few, else nothing. Compares case-insensitively and ignores `_` and `-`, so `kernel_size` is found.
 */
export function nearest(name: string, candidates: readonly string[]): string {
  const plain = (text: string) =>
    text
      .slice(0, 80)
      .toLowerCase()
      .replace(/[_\s-]/g, '')
  const wanted = plain(name)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const d = distance(wanted, plain(candidate))
    if (d < least) {
      least = d
      best = candidate
    }
  }
  if (best !== undefined && least <= Math.max(1, Math.floor(wanted.length / 3))) return `; did you mean "${best}"?`
  return candidates.length > 0 && candidates.length <= 12 ? `: use one of ${candidates.join(', ')}` : ''
}
