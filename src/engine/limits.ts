/** Bounds on what one architecture may be, so that no specification can stall the service or fill its memory. */
export interface Limits {
  maxLayers: number
  /** Elements of any one tensor at batch 1, parameters included. */
  maxElements: number
}

export const defaultLimits: Limits = { maxLayers: 10_000, maxElements: 2 ** 40 }

/** Problems reported of one specification; the rest are counted, not listed. */
export const maxProblems = 1000
