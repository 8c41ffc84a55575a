/** Elements of a constant that is given as values; a larger one is given as what makes them. */
export const mostListed = 1024

/** ONNX attribute values an op may write: integer, integers, float (`{ float }`), or string. */
export type OnnxAttribute = number | readonly number[] | { float: number } | string

/**
 * What an op writes its ONNX form through. Tensor names are given; the exporter owns naming, initializers and the
 * file. Implemented by `formats/onnx-export.ts`.
 */
export interface OnnxEmitter {
  /** Names of the layer's input tensors, in order. */
  readonly inputs: readonly string[]
  /** Names the layer's outputs must have, in order. */
  readonly outputs: readonly string[]
  /** Adds a node. Integer-valued numbers become INT attributes; write `{ float: x }` for FLOAT ones. */
  node(opType: string, inputs: readonly string[], outputs: readonly string[], attributes?: Record<string, OnnxAttribute>): void
  /** Name of the initializer that holds the layer's parameter `name`. */
  parameter(name: string): string
  /**
   * Adds a constant initializer, float32 or int64, and returns its name. One whose size the network chooses is given as
   * what makes it, called once there is room for its dims.
   * @throws EngineError EXPORT_UNSUPPORTED where there is not (`constant-budget.ts`).
   */
  constant(hint: string, dims: readonly number[], values: Float32Array | readonly bigint[] | (() => Float32Array | BigInt64Array)): string
  /** A fresh tensor name inside this layer. */
  temporary(hint: string): string
}
