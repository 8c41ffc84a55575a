import { invalid, quote } from './fault.ts'
import type { AttributeProto, TensorProto } from './messages.ts'
import { AttributeProto_AttributeType } from './messages.ts'
import { type FileNode, nodeName } from './model.ts'

const text = new TextDecoder()

/** Reads the attributes of a node. @throws EngineError INVALID_ONNX where one is of another type than its operator's. */
export class Attributes {
  readonly #node: FileNode

  constructor(node: FileNode) {
    this.#node = node
  }

  #find(name: string, type: keyof typeof AttributeProto_AttributeType): AttributeProto | undefined {
    const found = this.#node.attributes.find((attribute) => attribute.name === name)
    // Files of IR version 1 leave the type out.
    if (found && found.type !== AttributeProto_AttributeType[type] && found.type !== AttributeProto_AttributeType.UNDEFINED)
      throw invalid(
        `attribute ${quote(name)} of ${this.#node.opType} node ${quote(nodeName(this.#node))} must be ${type}`,
        nodeName(this.#node),
      )
    return found
  }

  has(name: string): boolean {
    return this.#node.attributes.some((attribute) => attribute.name === name)
  }

  /** Names that are not among these. */
  beside(known: readonly string[]): string[] {
    return this.#node.attributes.map(({ name }) => name).filter((name) => !known.includes(name))
  }

  int(name: string, otherwise: number): number {
    const found = this.#find(name, 'INT')
    return found?.i ?? otherwise
  }

  ints(name: string): readonly number[] | undefined {
    return this.#find(name, 'INTS')?.ints
  }

  float(name: string, otherwise: number): number {
    return this.#find(name, 'FLOAT')?.f ?? otherwise
  }

  floats(name: string): readonly number[] | undefined {
    return this.#find(name, 'FLOATS')?.floats
  }

  text(name: string, otherwise: string): string {
    const found = this.#find(name, 'STRING')
    return found ? text.decode(found.s) : otherwise
  }

  tensor(name: string): TensorProto | undefined {
    return this.#find(name, 'TENSOR')?.t
  }
}
