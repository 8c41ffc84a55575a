import { Attributes } from '../attributes.ts'
import type { Budget } from '../budget.ts'
import { type Constant, computed, shapeAt, type Value } from '../constant.ts'
import { NumbersMissing } from '../fault.ts'
import { type AttributeProto, AttributeProto_AttributeType, emptyAttribute } from '../messages.ts'
import { type FileNode, nodeName } from '../model.ts'
import { numelOfDims } from '../shapes.ts'
import { mostDims } from '../tensor.ts'

/** What a node is written as instead: nodes of its operator set, and constants that they read. */
export interface Decomposed {
  nodes: readonly FileNode[]
  constants: ReadonlyMap<string, Constant>
}

type AttributeValue = number | readonly number[] | string | { float: number } | AttributeProto

const { INT, INTS, FLOAT, STRING } = AttributeProto_AttributeType

/** An attribute of an ONNX node: a number is an INT, a list of them INTS, `{ float }` a FLOAT; one out of a file stays as it is. */
export function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'number') return { ...emptyAttribute(), name, type: INT, i: value }
  if (typeof value === 'string') return { ...emptyAttribute(), name, type: STRING, s: new TextEncoder().encode(value) }
  if ('refAttrName' in value) return value
  if ('float' in value) return { ...emptyAttribute(), name, type: FLOAT, f: value.float }
  return { ...emptyAttribute(), name, type: INTS, ints: value }
}

/** What a decomposition may know of the file around its node. */
export interface OfFile {
  /** It leaves its batch open, and says itself what becomes of another. */
  openBatch: boolean
  /** ONNX's number of the type of a tensor; 0 where that is not known. */
  typeOf(tensor: string): number
}

/** Writes a node as others. The last one makes the node's own output and bears its name. */
export class Decomposer implements Decomposed {
  readonly nodes: FileNode[] = []
  readonly constants = new Map<string, Constant>()
  readonly attributes: Attributes
  readonly node: FileNode
  readonly values: readonly (Value | undefined)[]
  readonly #budget: Budget
  /** The operator set that what is written is in: the node's own, or one that has all of it. */
  readonly opset: number
  readonly file: OfFile

  constructor(
    node: FileNode,
    values: readonly (Value | undefined)[],
    budget: Budget,
    file: OfFile = { openBatch: false, typeOf: () => 0 },
  ) {
    this.#budget = budget
    this.file = file
    this.node = node
    this.values = values
    this.attributes = new Attributes(node)
    this.opset = node.domain === '' ? node.opset : 23
  }

  /** Shape of an input at the file's batch; empty where it is left out. */
  shape(input: number): readonly number[] {
    const value = this.values[input]
    return value ? shapeAt(value, false) : []
  }

  /** The numbers of a constant input that do not depend on the batch, else null. @throws EngineError LIMIT_EXCEEDED. */
  numbers(input: number): readonly number[] | null {
    const value = this.values[input]
    return value?.kind === 'constant' && !value.wide ? this.#budget.list(value) : null
  }

  /** The numbers of a constant; null where the file does not hold them. @throws EngineError LIMIT_EXCEEDED. */
  list(constant: Constant): readonly number[] | null {
    return this.#budget.list(constant)
  }

  /** The elements of a constant input. @throws Error in words where they lie in a file that was not sent; EngineError LIMIT_EXCEEDED. */
  elements(input: number): ArrayLike<number> {
    const value = this.values[input] as Constant
    const numbers = this.#budget.read(value)
    if (numbers) return numbers
    throw new Error(new NumbersMissing(value.name, value.absent?.location ?? '').message)
  }

  /** The numbers that a constant input holds for each dim, at the file's batch and at the one probed with; null where it holds none. */
  sizes(input: number): { narrow: readonly number[]; wide: readonly number[] } | null {
    const value = this.values[input]
    return value && numelOfDims(shapeAt(value, false)) <= mostDims ? this.atBothBatches(input) : null
  }

  /** The numbers of a constant input at the file's batch and at the one probed with; null where the file does not hold them. */
  atBothBatches(input: number): { narrow: readonly number[]; wide: readonly number[] } | null {
    const value = this.values[input]
    if (value?.kind !== 'constant') return null
    const narrow = this.#budget.list(value)
    const wide = value.wide ? this.#budget.list(value.wide) : narrow
    return narrow && wide && { narrow, wide }
  }

  /** Adds a step and returns its output's name. */
  step(opType: string, inputs: readonly string[], hint: string, attributes: Record<string, AttributeValue> = {}): string {
    return this.#add(opType, inputs, `${this.node.outputs[0] ?? ''}/${hint}`, `${nodeName(this.node)}/${hint}`, attributes)
  }

  /** Adds the step that is what the node is there for: it bears the node's name, so that a profile finds it. */
  main(opType: string, inputs: readonly string[], hint: string, attributes: Record<string, AttributeValue> = {}): string {
    return this.#add(opType, inputs, `${this.node.outputs[0] ?? ''}/${hint}`, this.node.name, attributes)
  }

  /** Adds the step that makes an output of the node that is not its first. */
  output(index: number, opType: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    return this.#add(opType, inputs, this.node.outputs[index] ?? '', `${nodeName(this.node)}/output${index}`, attributes)
  }

  /** The node's own attributes of these names, as they stand. */
  kept(...names: readonly string[]): Record<string, AttributeProto> {
    return Object.fromEntries(this.node.attributes.filter(({ name }) => names.includes(name)).map((each) => [each.name, each]))
  }

  /** The node itself between other tensors, some of its attributes replaced. */
  copy(inputs: readonly string[], outputs: readonly string[], attributes: Record<string, AttributeValue>): void {
    const kept = this.node.attributes.filter(({ name }) => !(name in attributes))
    const list = [...kept, ...Object.entries(attributes).map(([key, value]) => attribute(key, value))]
    this.nodes.push({ ...this.node, inputs, outputs, attributes: list })
  }

  /** Takes the dim away that the images of the batch have to themselves: they then lie outermost in the one behind it. */
  joinBatch(from: string, output: string): void {
    this.#add('Squeeze', [from], output, `${nodeName(this.node)}/together`, {}, { joinsBatch: true })
  }

  /** Adds the step that makes the output of the node by repeating a tensor along a dim of size 1 for each image. */
  lastOverBatch(input: string, dim: number): this {
    this.#add('Expand', [input], this.node.outputs[0] ?? '', this.node.name, {}, { overBatch: dim })
    return this
  }

  /** A step, or without a hint the last one. */
  next(opType: string, inputs: readonly string[], hint: string | null, attributes: Record<string, AttributeValue> = {}): string {
    return hint === null ? this.last(opType, inputs, attributes).node.outputs[0]! : this.step(opType, inputs, hint, attributes)
  }

  /** Adds the step that makes the output of the node. */
  last(opType: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): this {
    this.#add(opType, inputs, this.node.outputs[0] ?? '', this.node.name, attributes)
    return this
  }

  integers(hint: string, numbers: readonly number[], shape: readonly number[] = [numbers.length]): string {
    const name = `${this.node.outputs[0] ?? ''}/${hint}`
    this.constants.set(name, computed(name, 'integer', shape, numbers))
    return name
  }

  /** A constant under a name of this node's. */
  constant(hint: string, constant: Constant): string {
    const name = `${this.node.outputs[0] ?? ''}/${hint}`
    this.constants.set(name, { ...constant, name })
    return name
  }

  scalar(hint: string, number: number): string {
    const name = `${this.node.outputs[0] ?? ''}/${hint}`
    this.constants.set(name, computed(name, 'float', [], Float32Array.of(number)))
    return name
  }

  #add(
    opType: string,
    inputs: readonly string[],
    output: string,
    name: string,
    attributes: Record<string, AttributeValue>,
    more: Pick<FileNode, 'overBatch' | 'joinsBatch'> = {},
  ): string {
    const list = Object.entries(attributes).map(([key, value]) => attribute(key, value))
    this.nodes.push({ opType, domain: '', opset: this.opset, name, inputs, outputs: [output], attributes: list, ...more })
    return output
  }
}

/** Writes a node as others, or gives null where it stays as it is. */
export type Decomposition = (to: Decomposer) => Decomposer | null
