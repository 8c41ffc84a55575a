import type { TensorProto } from 'onnx-buf'
import type { FileDtype, LayerDtypes } from '../../dtypes.ts'
import { EngineError, ShapeError } from '../../errors.ts'
import { CountOverflow } from '../../exact.ts'
import { referencedId } from '../../graph.ts'
import type { Shape } from '../../shape.ts'
import { type Account, account } from './accounting.ts'
import { apart } from './apart.ts'
import { Attributes } from './attributes.ts'
import { type BatchOfFile, placeOf } from './batch.ts'
import { branchOf, type WriteGraph } from './branches.ts'
import { Budget } from './budget.ts'
import { type Activation, type Constant, computed, shapeAt, type Value } from './constant.ts'
import { attribute } from './decompositions/decomposer.ts'
import { decompose } from './decompositions/index.ts'
import { type ElementTypes, type Steps, storedDtype } from './element-types.ts'
import { BatchLost, invalid, NumbersMissing, quote } from './fault.ts'
import { Folder } from './fold/index.ts'
import { Ids } from './ids.ts'
import type { Fate, FilledSlot, TranslatedLayer, Translation } from './layer.ts'
import { attributesOf, checkSlots, multiplies, placesOf, slotOf } from './layer-parts.ts'
import { Learning } from './learning.ts'
import { type FileNode, nodeName } from './model.ts'
import { labelOf, worded } from './node-fault.ts'
import { NodeView } from './node-view.ts'
import { isUnsized, opaque, opaqueShapes } from './opaque.ts'
import { Operands } from './operands.ts'
import { isRead, type Reading, read, unknown } from './readers.ts'
import { numelOfDims } from './shapes.ts'
import { type BranchOfIf, readBranch, undecided } from './undecided.ts'
import type { StatedShapes } from './value-info.ts'

/** A file's graph, translated. */
export interface Translated {
  translator: Translator
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
  readonly #folder = new Folder(this.budget)
  readonly #batch: BatchOfFile
  readonly #stated: StatedShapes
  readonly types: ElementTypes
  /** What the steps are like that a node is being written as. */
  #steps: Steps | null = null
  readonly #numbers = new Map<Constant, number>()
  #needed = new Set<string>()
  readonly #operands: Operands
  readonly #inside: Inside

  /**
   * @param stated the shapes that the file states of its tensors, at its own batch.
   * @param types of the elements of the file's tensors.
   * @param inside reads graphs inside of nodes.
   */
  constructor(batch: BatchOfFile, stated: StatedShapes, types: ElementTypes, inside: Inside) {
    this.#inside = inside
    this.#batch = batch
    this.#stated = stated
    this.types = types
    this.#operands = new Operands(this)
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
    const values = node.inputs.map((name) => (name === '' ? undefined : this.value(name)))
    if (isUnsized(values)) {
      this.#layer(node, this.#view(node, values), values, this.#opaque(node, values))
      return
    }
    if (this.#branch(node, values[0])) return
    if (this.#compute(node, values)) {
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
    const replaced = worded(node, '', () => apart(node, values, this.#batch, this.budget)) ?? decompose(node, values, this.budget)
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
    if (this.#unread(node, values) || this.#undecided(node, values)) return
    const view = this.#view(node, values)
    let reading: Reading | null
    try {
      reading = worded(node, '', () => read(node, view))
    } catch (cause) {
      if (!(cause instanceof NumbersMissing)) throw cause
      // What the file states of its shapes may do.
      reading = worded(node, '', () => opaque(node, values, this.#batch.size, this.#stated.shapeOf, this.budget))
      if (!reading) throw invalid(`${labelOf(node)}: ${cause.message}`, nodeName(node))
    }
    this.#layer(node, view, values, reading ?? this.#opaque(node, values))
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
    this.#layer(node, this.#view(node, values), reading.values, reading)
    return true
  }

  #view(node: FileNode, values: readonly (Value | undefined)[]): NodeView {
    const stated = this.#stated.shapeOf(node.outputs[0] ?? '')
    return new NodeView(node, values, { batch: this.#batch, budget: this.budget, stated })
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
    this.#share()
    this.account = account(this.layers, this.learning)
    return [...outputs]
  }

  /** Whether a layer that is kept reads this input of the network. */
  reads(id: string): boolean {
    return this.#needed.has(id)
  }

  #share(): void {
    const owners = new Map<string, string>()
    for (const layer of this.layers) {
      if (layer.slots.size === 0) continue
      const slots = [...layer.slots].map(([name, slot]) => `${name}:${this.#number(slot.constant)}:${slot.transposed}:${slot.factor}`)
      const key = `${layer.type} ${slots.join(' ')}`
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, layer.id)
      else layer.weightsOf = owner
    }
  }

  #compute(node: FileNode, values: readonly (Value | undefined)[]): boolean {
    const results = this.#shapeOf(node, values[0]) ?? this.#fold(node, values)
    if (!results) return false
    node.outputs.forEach((name, i) => {
      const result = results[i]
      if (!result || name === '') return
      this.#stated.check(name, result.shape, node)
      this.values.set(name, result)
    })
    return true
  }

  /** A node that no op reads, as a layer with what is known of it. @throws EngineError INVALID_ONNX where its shapes are not. */
  #opaque(node: FileNode, values: readonly (Value | undefined)[]): Reading {
    const reading = worded(node, '', () => opaque(node, values, this.#batch.size, this.#stated.shapeOf, this.budget))
    if (!reading) throw unknown(node, this.#stated.describe(node.outputs.find((name) => name !== '') ?? ''))
    this.#tell(node, values, 'reads it, which is not counted here')
    return reading
  }

  /**
   * A node of constants that neither import computes nor a layer does: its outputs are constants whose numbers are the file's
   * to know. @returns false where it is none such, or where a shape is not known.
   */
  #unread(node: FileNode, values: readonly (Value | undefined)[]): boolean {
    const inputs = values.filter((value) => value !== undefined) as Constant[]
    if (inputs.length === 0 || inputs.some((value) => value.kind !== 'constant' || value.wide) || isRead(node)) return false
    const shapes = opaqueShapes(node, inputs[0]!, values, this.#stated.shapeOf)
    if (!shapes) return false
    const sources = [...new Set(inputs.flatMap((input) => input.sources))]
    const absent = inputs.find((input) => input.absent)?.absent
    this.#tell(node, inputs, 'computes with it')
    node.outputs.forEach((name, i) => {
      const element = this.#stated.elementOf(name) ?? (node.opType === 'DequantizeLinear' ? 'float' : inputs[0]!.element)
      const held = element === 'float' ? sources : []
      if (name !== '')
        this.values.set(name, {
          kind: 'constant',
          name,
          shape: shapes[i]!,
          element,
          read: () => null,
          readBytes: 0,
          sources: held,
          wide: null,
          ...(absent ? { absent } : {}),
        })
    })
    return true
  }

  /** `Shape` and `Size` are constants whatever they look at. */
  #shapeOf(node: FileNode, value: Value | undefined): Constant[] | null {
    if (node.domain !== '' || !value || (node.opType !== 'Shape' && node.opType !== 'Size')) return null
    const name = node.outputs[0] ?? ''
    const made = (wide: boolean): Constant => {
      const shape = shapeAt(value, wide)
      if (node.opType === 'Size') return computed(name, 'integer', [], [numelOfDims(shape)])
      const attributes = new Attributes(node)
      const part = shape.slice(attributes.int('start', 0), attributes.int('end', shape.length))
      return computed(name, 'integer', [part.length], part)
    }
    const [narrow, wide] = [made(false), made(true)]
    const differs = narrow.shape[0] !== wide.shape[0] || Array.from(narrow.read()!).some((size, i) => size !== wide.read()![i])
    return [differs ? { ...narrow, wide } : narrow]
  }

  #fold(node: FileNode, values: readonly (Value | undefined)[]): Constant[] | null {
    if (values.some((value) => value?.kind === 'activation')) return null
    const results = this.#folder.fold(node, values as (Constant | undefined)[])
    if (results) this.#tell(node, values, 'computes with it at import')
    return results
  }

  /** Notes what becomes of the tensors that a node reads. */
  #tell(node: FileNode, values: readonly (Value | undefined)[], what: string): void {
    for (const value of values)
      if (value?.kind === 'constant')
        for (const { tensor } of value.sources) this.fates.set(tensor, `${node.opType} node ${quote(nodeName(node))} ${what}`)
  }

  #layer(node: FileNode, view: NodeView, values: readonly (Value | undefined)[], { op, layer }: Reading): void {
    const name = nodeName(node)
    const slots = new Map<string, FilledSlot>()
    for (const [parameter, slot] of Object.entries(layer.parameters ?? {})) slots.set(parameter, slotOf(node, values, slot))
    const operands = this.#operands.of(node, op, values, layer)
    const id = this.ids.fresh([node.name, node.outputs.find((output) => output !== '') ?? ''], node.opType)
    const attributes = attributesOf(op, id, layer.attributes ?? {}, node)
    const shapesAt = (wide: boolean) =>
      op.shape(
        operands.map((operand) => (wide ? operand.wide : operand.shape)),
        attributes as never,
      )
    let narrow: Shape[]
    try {
      narrow = shapesAt(false)
    } catch (cause) {
      if (!(cause instanceof ShapeError || cause instanceof CountOverflow)) throw cause
      throw invalid(`${node.opType} node ${quote(name)}, which makes tensor ${quote(node.outputs[0] ?? '')}: ${cause.message}`, name)
    }
    let wide: Shape[]
    try {
      wide = operands.some((operand) => operand.shape !== operand.wide) ? shapesAt(true) : narrow
    } catch (cause) {
      throw new BatchLost((cause as Error).message)
    }
    const unsized = op.unsized?.(attributes as never) === true
    if (unsized && !isUnsized(values))
      this.notes.push(
        `The sizes of what ${node.opType} node ${quote(name)} gives depend on the data and are not known here: what comes after it is named and not counted.`,
      )
    const places = unsized ? null : placesOf(op, attributes, operands, narrow, wide, view.outer)
    const parameters =
      op.parameters?.(
        operands.map((operand) => operand.shape),
        attributes as never,
      ) ?? []
    checkSlots(node, parameters, slots)
    for (const input of view.consulted)
      for (const { tensor } of (values[input] as Constant).sources)
        this.fates.set(tensor, `an attribute of ${node.opType} node ${quote(name)}, no weight`)
    const inputs = operands.map((operand) => operand.reference)
    const dtypes = this.#dtypes(node, values, slots, multiplies(op, operands, narrow, attributes))
    const shapes = { inputs: operands.map((operand) => operand.shape), outputs: narrow }
    this.layers.push({ id, type: op.type, inputs, attributes, slots, parameters, node: node.name, dtypes, shapes })
    node.outputs.forEach((output, i) => {
      const shape = narrow[i]
      // An output that no layer makes is read by nobody, or by someone who then finds nothing: masks of Dropout, indices of MaxPool.
      if (output === '' || !shape) return
      if (!unsized) this.#stated.check(output, shape, node)
      const outer = places?.[i]?.outer ?? 1
      this.values.set(output, {
        kind: 'activation',
        name: output,
        reference: i === 0 ? id : `${id}:${i}`,
        shape,
        wide: wide[i] as Shape,
        ...(outer === 1 ? {} : { outer }),
        ...(unsized ? { unsized: true as const } : {}),
      })
    })
  }

  #dtypes(node: FileNode, values: readonly (Value | undefined)[], slots: TranslatedLayer['slots'], multiplies: boolean): LayerDtypes {
    const macs = multiplies ? this.types.macs(node, values, this.#steps) : undefined
    const output = this.types.output(node.outputs.find((name) => name !== '') ?? '', node, this.#steps)
    const params = [...slots].flatMap(([name, { constant }]) => {
      const dtype = storedDtype(constant)
      return dtype ? [[name, dtype] as const] : []
    })
    return {
      ...(macs ? { macs } : {}),
      ...(output ? { output } : {}),
      ...(params.length > 0 ? { params: Object.fromEntries(params) } : {}),
    }
  }

  #number(constant: Constant): number {
    const there = this.#numbers.get(constant)
    if (there !== undefined) return there
    this.#numbers.set(constant, this.#numbers.size)
    return this.#numbers.size - 1
  }
}
