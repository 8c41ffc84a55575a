import type { FileDtype } from '../../dtypes.ts'
import { EngineError } from '../../errors.ts'
import { referencedId } from '../../graph.ts'
import type { Shape } from '../../shape.ts'
import { type Account, account } from './accounting.ts'
import { apart } from './apart.ts'
import { type BatchOfFile, checkApart, placeOf } from './batch.ts'
import { branchOf, type WriteGraph } from './branches.ts'
import { Budget } from './budget.ts'
import { type Activation, type Constant, shapeAt, type Value } from './constant.ts'
import { ConstantNodes, tellFates } from './constant-nodes.ts'
import { attribute, type Decomposed, type OfFile } from './decompositions/decomposer.ts'
import { decompose } from './decompositions/index.ts'
import type { ElementTypes, Steps } from './element-types.ts'
import { BatchLost, invalid, NumbersMissing, quote } from './fault.ts'
import { Ids } from './ids.ts'
import type { Fate, TranslatedLayer, Translation } from './layer.ts'
import { LayerWriter } from './layer-writer.ts'
import { Learning } from './learning.ts'
import type { TensorProto } from './messages.ts'
import { type FileNode, nodeName } from './model.ts'
import { labelOf, worded } from './node-fault.ts'
import { NodeView } from './node-view.ts'
import { isUnsized, opaque } from './opaque.ts'
import { Operands } from './operands.ts'
import { type Reading, read, unknown } from './readers.ts'
import { shareWeights } from './share-weights.ts'
import { type BranchOfIf, readBranch, undecided } from './undecided.ts'
import type { StatedShapes } from './value-info.ts'

/** A file's graph, translated. */
export interface Translated {
  translator: Translator
  /** Of the file: 1 where it is left open. */
  batch: number
  inputs: { id: string; name: string; shape: readonly number[]; dtype: FileDtype | undefined }[]
  /** Inputs of the file that the network does not read. */
  unread: { name: string; shape: readonly number[] }[]
  outputs: string[]
}

/** How graphs inside of nodes are read: their nodes, and the tensors that they hold. */
export interface Inside {
  write: WriteGraph
  constant(tensor: TensorProto, name: string): Constant
}

/** Makes layers of nodes, one after another in the order of the graph. */
export class Translator implements Translation {
  layers: TranslatedLayer[] = []
  readonly values = new Map<string, Value>()
  readonly fates: Fate = new Map()
  readonly ids = new Ids()
  readonly notes: string[] = []
  /** The file's names of the outputs that `finish` gives, in that order. */
  readonly outputNames: string[] = []
  folded = 0
  readonly budget = new Budget()
  readonly learning = new Learning(this.budget)
  /** How the file's tensors are counted: made by `finish`. */
  account: Account = { learned: new Map(), fixed: new Map(), params: 0, buffers: 0 }
  readonly #batch: BatchOfFile
  readonly #stated: StatedShapes
  readonly types: ElementTypes
  /** What the steps are like that a node is being written as. */
  #steps: Steps | null = null
  #needed = new Set<string>()
  readonly #operands: Operands
  readonly #writer: LayerWriter
  readonly #constants: ConstantNodes
  readonly #inside: Inside
  readonly #file: OfFile

  /**
   * @param stated the shapes that the file states of its tensors, at its own batch.
   * @param types of the elements of the file's tensors.
   * @param inside reads graphs inside of nodes.
   */
  constructor(batch: BatchOfFile, stated: StatedShapes, types: ElementTypes, inside: Inside) {
    this.#inside = inside
    this.#file = { openBatch: batch.open, typeOf: (tensor) => types.codeOf(tensor) }
    this.#batch = batch
    this.#stated = stated
    this.types = types
    this.#operands = new Operands(this)
    this.#constants = new ConstantNodes(this, stated)
    this.#writer = new LayerWriter(this, this.#operands, stated)
  }

  /** A graph input, batch first. */
  input(name: string, shape: Shape, wide: Shape): string {
    const id = this.ids.fresh([name], 'input')
    const value = { kind: 'activation' as const, name, reference: id, shape, wide }
    this.values.set(name, value)
    this.#operands.inputs.push(value)
    return id
  }

  /** The tensor of this name. @throws EngineError INVALID_ONNX where it is a second output that is not made here, as a mask. */
  value(name: string): Value {
    const value = this.values.get(name)
    if (!value)
      throw invalid(
        `tensor ${quote(name)} is an output of its node that is not read here, such as a mask or indices: export the network without it`,
      )
    return value
  }

  /**
   * Computes a node or makes it layers.
   * @throws EngineError INVALID_ONNX where it can be neither; BatchLost where the batch cannot be followed through it.
   */
  node(node: FileNode): void {
    try {
      this.#translate(node)
    } catch (cause) {
      throw cause instanceof BatchLost ? new BatchLost(`${node.opType} node ${quote(nodeName(node))}: ${cause.message}`) : cause
    }
  }

  #translate(node: FileNode): void {
    const values = new Array<Value | undefined>(node.inputs.length)
    for (let i = 0; i < values.length; i++) {
      const name = node.inputs[i] as string
      values[i] = name === '' ? undefined : this.value(name)
    }
    if (isUnsized(values)) {
      this.#writer.write(node, this.#view(node, values), values, this.#opaque(node, values), this.#steps)
      return
    }
    if (this.#branch(node, values[0])) return
    if (this.#constants.compute(node, values)) {
      this.folded++
      return
    }
    if (node.overBatch !== undefined) {
      this.values.set(node.outputs[0]!, this.#operands.overBatch(values[0] as Activation, node.overBatch))
      return
    }
    if (node.joinsBatch) {
      const { dim = 0 } = placeOf(values[0] as Activation) ?? {}
      const { joinsBatch: _, ...rest } = node
      this.#translate({ ...rest, opset: 11, attributes: [attribute('axes', [dim])] })
      return
    }
    const replaced = this.#replacement(node, values)
    if (replaced) {
      for (const [name, constant] of replaced.constants) this.values.set(name, constant)
      const around = this.#steps
      this.#steps = this.types.steps(node, around)
      for (const each of replaced.nodes) {
        this.types.dequantize(each)
        this.#translate(each)
      }
      this.#steps = around
      return
    }
    if (this.#constants.unread(node, values) || this.#undecided(node, values)) return
    const view = this.#view(node, values)
    this.#writer.write(node, view, values, this.#reading(node, values, view) ?? this.#opaque(node, values), this.#steps)
  }

  /** What a node is written as instead, or null where it stays. */
  #replacement(node: FileNode, values: readonly (Value | undefined)[]): Decomposed | null {
    return worded(node, '', () => apart(node, values, this.#batch, this.budget)) ?? decompose(node, values, this.budget, this.#file)
  }

  /** What an op reads a node as, or null where none does. */
  #reading(node: FileNode, values: readonly (Value | undefined)[], view: NodeView): Reading | null {
    try {
      return worded(node, '', () => read(node, view))
    } catch (cause) {
      if (!(cause instanceof NumbersMissing)) throw cause
      // What the file states of its shapes may do.
      const reading = worded(node, '', () => opaque(node, values, this.#batch.size, this.#stated.shapeOf, this.budget))
      if (!reading) throw invalid(`${labelOf(node)}: ${cause.message}`, nodeName(node))
      return reading
    }
  }

  /** An `If` whose condition is known is the branch that it takes. @returns false where it is none such. */
  #branch(node: FileNode, condition: Value | undefined): boolean {
    if (node.opType !== 'If' || node.domain !== '' || condition?.kind !== 'constant') return false
    const [narrow, wide] = [condition, condition.wide ?? condition].map((each) => this.budget.list(each)?.[0])
    if (narrow === undefined || wide === undefined) return false
    if (narrow !== wide) throw new BatchLost('which branch it takes depends on the batch')
    this.#insideOf(node, narrow !== 0).forEach((value, i) => {
      const output = node.outputs[i]!
      if (!isUnsized([value])) this.#stated.check(output, shapeAt(value, false), node)
      if (output !== '') this.values.set(output, value)
    })
    this.folded++
    return true
  }

  /** Makes layers of a branch of an `If`. @returns what it gives. */
  #insideOf(node: FileNode, taken: boolean): Value[] {
    const { nodes, initializers, outputs } = branchOf(node, taken, this.#inside.write)
    for (const { name, tensor } of initializers) {
      this.values.set(name, this.#inside.constant(tensor, name))
      this.types.set(name, tensor.dataType)
    }
    for (const each of nodes) {
      this.types.add(each)
      this.#translate(each)
    }
    return outputs.map((name, i) => {
      this.types.set(node.outputs[i]!, this.types.codeOf(name))
      return this.value(name)
    })
  }

  /**
   * An `If` that the data decides: its branches are read for what they cost, and it becomes one layer.
   * @returns false where a branch cannot be read: what the file states of it then does.
   */
  #undecided(node: FileNode, values: readonly (Value | undefined)[]): boolean {
    if (node.opType !== 'If' || node.domain !== '') return false
    const around = this.layers
    const branches: BranchOfIf[] = []
    for (const taken of [true, false])
      try {
        this.layers = []
        branches.push(readBranch(this.#insideOf(node, taken), this.layers))
      } catch (cause) {
        if (!(cause instanceof EngineError) || cause.code !== 'INVALID_ONNX') throw cause
        return false
      } finally {
        this.layers = around
      }
    const reading = undecided(node, values, branches as [BranchOfIf, BranchOfIf], this.#batch.size, this.budget)
    if (!reading) return false
    this.notes.push(reading.note)
    this.#writer.write(node, this.#view(node, values), reading.values, reading, this.#steps)
    return true
  }

  #view(node: FileNode, values: readonly (Value | undefined)[]): NodeView {
    return new NodeView(node, values, { batch: this.#batch, budget: this.budget, stated: this.#stated.shapeOf })
  }

  /**
   * The graph's outputs as references. Layers that lead to none, those whose shape alone was asked for, are dropped, and
   * layers with the same weights in the same places share them.
   * @throws EngineError INVALID_ONNX where no output is left.
   */
  finish(names: readonly string[]): string[] {
    const outputs = new Set<string>()
    for (const name of names) {
      const before = outputs.size
      const value = this.value(name)
      if (!this.#batch.open && value.kind === 'activation' && !value.unsized) checkApart(name, value, this.#batch.size)
      if (value.kind === 'constant') this.notes.push(`Output ${quote(name)} is a constant, computed at import: it is left out.`)
      else if (this.#operands.inputs.includes(value)) {
        const id = this.ids.fresh([`${name}/identity`], 'identity')
        this.layers.push({ id, type: 'Identity', inputs: [value.reference], attributes: {}, slots: new Map(), parameters: [] })
        outputs.add(id)
      } else outputs.add(value.reference)
      if (outputs.size > before) this.outputNames.push(name)
    }
    if (outputs.size === 0) throw invalid('every output of the graph is a constant: there is no network to cost')
    this.#needed = new Set([...outputs].map(referencedId))
    const kept: TranslatedLayer[] = []
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const layer = this.layers[i] as TranslatedLayer
      if (!this.#needed.has(layer.id)) continue
      for (const name of layer.inputs) this.#needed.add(referencedId(name))
      kept.push(layer)
    }
    this.layers = kept.reverse()
    shareWeights(this.layers)
    this.account = account(this.layers, this.learning)
    return [...outputs]
  }

  /** Whether a layer that is kept reads this input of the network. */
  reads(id: string): boolean {
    return this.#needed.has(id)
  }

  /** A node that no op reads, as a layer with what is known of it. @throws EngineError INVALID_ONNX where its shapes are not. */
  #opaque(node: FileNode, values: readonly (Value | undefined)[]): Reading {
    const reading = worded(node, '', () => opaque(node, values, this.#batch.size, this.#stated.shapeOf, this.budget))
    if (!reading) throw unknown(node, this.#stated.describe(node.outputs.find((name) => name !== '') ?? ''))
    tellFates(this.fates, node, values, 'reads it, which is not counted here')
    return reading
  }
}
