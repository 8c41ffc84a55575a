/** Bounds on what one architecture may be, so that no specification can stall the service or fill its memory. */
export interface Limits {
  maxLayers: number
  /** Elements of any one tensor at batch 1, parameters included. */
  maxElements: number
  /** Inputs and layer outputs together. */
  maxTensors: number
}

export const defaultLimits: Limits = { maxLayers: 10_000, maxElements: 2 ** 40, maxTensors: 20_000 }

/** Violations reported of one specification; at the last one reading ends. */
export const maxViolations = 1000
