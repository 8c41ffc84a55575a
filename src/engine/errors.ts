/**
 * Engine errors. Each has a stable `code`, a sentence that says what would be right, and, for a bad graph, the list
 * of every violation found. The API maps a code to an HTTP status in one table (`src/api/errors.ts`).
 */

/** One violation of a specification: its position, its layer, and what would be right. */
export interface GraphViolation {
  /** JSON pointer into what the user sent, e.g. `/layers/3/kernelSize`. */
  path: string
  /** Id of the layer concerned, or null where the violation is not one layer's. */
  layerId: string | null
  message: string
}

export type EngineErrorCode =
  | 'INVALID_GRAPH'
  | 'INVALID_KERAS'
  | 'INVALID_ONNX'
  | 'LIMIT_EXCEEDED'
  | 'COST_OVERFLOW'
  | 'UNKNOWN_CONVENTION'
  | 'UNKNOWN_ZOO_FAMILY'
  | 'UNKNOWN_ZOO_PRESET'
  | 'INVALID_ZOO_OPTIONS'
  | 'INVALID_BATCH'
  | 'INVALID_RESOLUTION'
  | 'EXPORT_UNSUPPORTED'
  | 'UNKNOWN_REWRITE'
  | 'INVALID_REWRITE'
  | 'REWRITE_NOT_APPLICABLE'
  | 'INVALID_PLACEMENT'

/** An error of the engine: a code for programs, a sentence for people, violations in full. */
export class EngineError extends Error {
  readonly code: EngineErrorCode
  readonly errors: readonly GraphViolation[]
  constructor(code: EngineErrorCode, message: string, errors: readonly GraphViolation[] = []) {
    super(message)
    this.name = 'EngineError'
    this.code = code
    this.errors = errors
  }
}

/**
 * Thrown by an op's shape rule: `message` says what would be right, `attribute` names the wrong attribute, if any. The
 * verifier adds path and layer, since an op does not know its position in the file.
 */
export class ShapeError extends Error {
  readonly attribute: string | undefined
  constructor(message: string, attribute?: string) {
    super(message)
    this.name = 'ShapeError'
    this.attribute = attribute
  }
}
