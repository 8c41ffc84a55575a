import { EngineError } from '../../errors.ts'
import type { Shape } from '../../shape.ts'
import type { OnnxNode, OnnxOperand } from '../onnx-node.ts'
import { Attributes } from './attributes.ts'
import { type BatchOfFile, batchTarget, placeIn, placeOf } from './batch.ts'
import type { Budget } from './budget.ts'
import { shapeAt, type Value } from './constant.ts'
import { BatchLost, invalid, NumbersMissing, quote } from './fault.ts'
import { mostElements } from './fold/folding.ts'
import { type FileNode, nodeName } from './model.ts'
import { numelOfDims, reshaped } from './shapes.ts'

const operandOf = (value: Value | undefined): OnnxOperand | undefined =>
  value && {
    name: value.name,
    shape: shapeAt(value, false),
    constant: value.kind === 'constant',
    known: value.kind === 'constant' && !value.absent,
    float: value.kind === 'activation' || value.element === 'float',
  }

/** A node of a file with what is known of its inputs. */
export class NodeView implements OnnxNode {
  readonly opType: string
  readonly opset: number
  readonly inputs: readonly (OnnxOperand | undefined)[]
  readonly outputs: number
  readonly #node: FileNode
  readonly #values: readonly (Value | undefined)[]
  readonly #attributes: Attributes
  readonly #batch: BatchOfFile
  readonly #budget: Budget
  readonly #stated: (tensor: string) => Shape | undefined
  /** Where a reshape puts the batch within its dim (`batch.ts`). */
  outer: number | undefined
  #consulted: Set<number> | undefined

  /** @param stated the shape that the file states of a tensor, where it does. */
  constructor(
    node: FileNode,
    values: readonly (Value | undefined)[],
    { batch, budget, stated }: { batch: BatchOfFile; budget: Budget; stated: (tensor: string) => Shape | undefined },
  ) {
    this.opType = node.opType
    this.opset = node.opset
    this.outputs = node.outputs.length
    this.inputs = values.map(operandOf)
    this.#node = node
    this.#values = values
    this.#attributes = new Attributes(node)
    this.#batch = batch
    this.#budget = budget
    this.#stated = stated
  }

  attributesBeside(known: readonly string[]): string[] {
    return this.#attributes.beside(known)
  }

  int(name: string, otherwise: number): number {
    return this.#attributes.int(name, otherwise)
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attributes.ints(name)
  }

  float(name: string, otherwise: number): number {
    return this.#attributes.float(name, otherwise)
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attributes.floats(name)
  }

  text(name: string, otherwise: string): string {
    return this.#attributes.text(name, otherwise)
  }

  numbers(input: number): readonly number[] | undefined {
    const value = this.#values[input]
    if (!value) return undefined
    if (value.kind === 'activation')
      return this.refuse(
        `its input ${quote(value.name)} is computed by the network, so what it asks for cannot be known: only a constant is read here`,
      )
    if (value.wide) throw new BatchLost('it is given numbers that depend on the batch')
    this.#consult(input)
    return this.#read(value)
  }

  /** Inputs whose numbers went into attributes. */
  get consulted(): Iterable<number> {
    return this.#consulted ?? []
  }

  #consult(input: number): void {
    this.#consulted ??= new Set()
    this.#consulted.add(input)
  }

  /** The numbers of a constant input at the file's batch and, where they depend on it, at the one probed with. */
  #bothNumbers(input: number): { narrow: readonly number[]; wide: readonly number[] | null } {
    const value = this.#values[input]
    if (value?.kind !== 'constant') return this.refuse('the shape that it asks for is computed by the network, so it cannot be known')
    this.#consult(input)
    return { narrow: this.#read(value), wide: value.wide && this.#read(value.wide) }
  }

  #read(value: Value & { kind: 'constant' }): readonly number[] {
    const elements = numelOfDims(value.shape)
    if (elements > mostElements) this.refuse(`its input ${quote(value.name)} has ${elements} elements, too many for an attribute`)
    const numbers = this.#budget.list(value)
    if (numbers) return numbers
    if (value.absent) throw new NumbersMissing(value.name, value.absent.location)
    return this.refuse(`it needs the numbers of ${quote(value.name)}, which cannot be read here`)
  }

  numbersHere(input: number): readonly number[] | undefined {
    if (!this.#values[input]) return undefined
    const { narrow, wide } = this.#bothNumbers(input)
    if (wide && (wide.length !== narrow.length || wide.some((number, i) => i > 0 && number !== narrow[i])))
      throw new BatchLost('it is given sizes that depend on the batch')
    return narrow
  }

  reshapeBy(target: (shape: Shape) => readonly number[]): Record<string, unknown> {
    const value = this.#values[0] as Value
    const narrow = this.#target(() => target(shapeAt(value, false)))
    return this.#reshape(narrow, () => target(shapeAt(value, true)))
  }

  reshapeTo(input: number, allowZero: boolean): Record<string, unknown> {
    const value = this.#values[0] as Value
    // Dims that the file states do for numbers that it holds elsewhere.
    const stated = this.inputs[input]?.known ? undefined : this.#stated(this.#node.outputs[0] ?? '')
    if (stated && numelOfDims(stated) === numelOfDims(shapeAt(value, false))) return this.#reshape(stated, null)
    const { narrow, wide } = this.#bothNumbers(input)
    const target = this.#target(() => reshaped(shapeAt(value, false), narrow, allowZero))
    // A file of a fixed batch has sizes that hold at this one alone: what they mean at another is for `batchTarget` to say.
    if (!wide && !this.#batch.open) return this.#reshape(target, null, narrow)
    return this.#reshape(target, () => reshaped(shapeAt(value, true), wide ?? narrow, allowZero), narrow, wide !== null)
  }

  #target(target: () => readonly number[]): readonly number[] {
    try {
      return target()
    } catch (cause) {
      if (cause instanceof EngineError || cause instanceof BatchLost) throw cause
      return this.refuse((cause as Error).message)
    }
  }

  /**
   * Attributes of a `Reshape` to `target`, the batch in its place.
   * @param widened the target at the batch probed with, by the file's own rule; null where the file has none.
   * @param binding what the rule says holds: where it fails, so does the file at any other batch.
   */
  #reshape(
    target: readonly number[],
    widened: (() => readonly number[]) | null,
    raw?: readonly number[],
    binding = this.#batch.open && raw === undefined,
  ): Record<string, unknown> {
    const value = this.#values[0] as Value
    const shape = shapeAt(value, false)
    const place = value.kind === 'activation' ? placeOf(value) : null
    if (place === null) return { shape: [...target], includesBatch: true }
    let known: number | null = null
    try {
      if (widened) known = this.#dimOf(target, widened())
    } catch (cause) {
      if (cause instanceof BatchLost || binding) throw cause instanceof BatchLost ? cause : new BatchLost((cause as Error).message)
    }
    const { size } = this.#batch
    const to = known === null ? batchTarget(shape, place, target, size, raw) : placeIn(shape, place, target, known, size)
    this.outer = to.outer
    if (place.dim === 0 && to.dim === 0 && shape[0] === size && target[0] === size) return { shape: target.slice(1) }
    return { shape: target.map((each, i) => (i === to.dim ? -1 : each)), includesBatch: true }
  }

  /** The dim in which a target grows with the batch. */
  #dimOf(target: readonly number[], wide: readonly number[]): number | null {
    if (wide.length !== target.length) throw new BatchLost('a dim is lost or gained with the batch')
    return placeOf({ shape: target, wide })?.dim ?? null
  }

  refuse(why: string): never {
    throw invalid(`${this.opType} node ${quote(nodeName(this.#node))}: ${why}`, nodeName(this.#node))
  }
}
