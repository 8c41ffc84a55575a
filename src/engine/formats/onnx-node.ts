import type { Shape } from '../shape.ts'

/** An input of a node in an ONNX file, as far as the importer knows it. */
export interface OnnxOperand {
  readonly name: string
  /** Its shape at the file's own batch. */
  readonly shape: Shape
  /** Held by the file or computed at import; otherwise a layer makes it. */
  readonly constant: boolean
  /** Its numbers are at hand: a constant that lies in a file beside the model may lack them. */
  readonly known: boolean
  /** Its elements are floating-point numbers. */
  readonly float: boolean
}

/** What an op reads a node of an ONNX file through. Implemented by `formats/onnx-import/node-view.ts`. */
export interface OnnxNode {
  readonly opType: string
  /** Version of the operator set that the node is written in. */
  readonly opset: number
  /** In the file's order; an optional input that is left out is undefined. */
  readonly inputs: readonly (OnnxOperand | undefined)[]
  /** How many outputs it has, the unused ones at the end left out. */
  readonly outputs: number
  int(name: string, otherwise: number): number
  ints(name: string): readonly number[] | undefined
  float(name: string, otherwise: number): number
  floats(name: string): readonly number[] | undefined
  text(name: string, otherwise: string): string
  /** Names of attributes that it has beside these: what a reader does not know, it must not read past. */
  attributesBeside(known: readonly string[]): string[]
  /**
   * The numbers of a constant input, in order; undefined where the input is left out.
   * @throws EngineError INVALID_ONNX where a layer computes it, where the file does not hold its payload, or where it is
   *   longer than any attribute.
   */
  numbers(input: number): readonly number[] | undefined
  /** The same of sizes, the first of which is the batch: at the file's own. */
  numbersHere(input: number): readonly number[] | undefined
  /** Attributes of a `Reshape` of input 0 whose target follows from its shape, at whatever batch. */
  reshapeBy(target: (shape: Shape) => readonly number[]): Record<string, unknown>
  /** Attributes of a `Reshape` of input 0 to the shape that the constant input `input` holds, as ONNX writes it (0, −1). */
  reshapeTo(input: number, allowZero: boolean): Record<string, unknown>
  /** @throws EngineError INVALID_ONNX naming node and operator: `why` says what would be right. */
  refuse(why: string): never
}

/** Which input of a node fills a parameter, and how its elements become the engine's. */
export interface OnnxSlot {
  input: number
  /** A matrix that is stored in × out. */
  transposed?: boolean
  /** Factor on every element. Default 1. */
  factor?: number
}

/** A node as a layer. */
export interface OnnxLayer {
  attributes?: Record<string, unknown>
  /** The inputs that are data, in the op's order. Default: the first. */
  inputs?: readonly number[]
  /** Its inputs line up from the last dim, so that a constant's leading sizes of 1 say nothing. */
  broadcasts?: boolean
  /** Parameter → the input that fills it. */
  parameters?: Readonly<Record<string, OnnxSlot>>
}

/** Reads a node, or gives null where it is another op's. */
export type OnnxReader = (node: OnnxNode) => OnnxLayer | null
