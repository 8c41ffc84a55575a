/** The codes of a status (`OrtErrorCode`). */
const codes = [
  'OK',
  'FAIL',
  'INVALID_ARGUMENT',
  'NO_SUCHFILE',
  'NO_MODEL',
  'ENGINE_ERROR',
  'RUNTIME_EXCEPTION',
  'INVALID_PROTOBUF',
  'MODEL_LOADED',
  'NOT_IMPLEMENTED',
  'INVALID_GRAPH',
  'EP_FAIL',
  'MODEL_LOAD_CANCELED',
  'MODEL_REQUIRES_COMPILATION',
  'NOT_FOUND',
  'DEVICE_RESET',
] as const

/** What ONNX Runtime refused, in its own words. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError'
  /** ONNX Runtime's name for it: `INVALID_ARGUMENT`. */
  readonly status: string

  constructor(message: string, code: number) {
    super(message)
    this.status = codes[code] ?? String(code)
  }
}
