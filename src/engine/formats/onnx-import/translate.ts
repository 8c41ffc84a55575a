import { ShapeError } from '../../errors.ts'
import { CountOverflow } from '../../exact.ts'
import { referencedId } from '../../graph.ts'
import type { AnyOp } from '../../op.ts'
import { Problems } from '../../problems.ts'
import { readAttributes } from '../../read-spec.ts'
import type { Shape } from '../../shape.ts'
import type { OnnxSlot } from '../onnx-node.ts'
import { Attributes } from './attributes.ts'
import { batchDim } from './batch.ts'
import { type Constant, computed, shapeAt, type Value } from './constant.ts'
import { BatchLost, invalid, quote } from './fault.ts'
import { Folder } from './fold/index.ts'
import { Ids } from './ids.ts'
import type { Fate, FilledSlot, TranslatedLayer, Translation } from './layer.ts'
import { type FileNode, nodeName } from './model.ts'
import { NodeView } from './node-view.ts'
import { opaque } from './opaque.ts'
import { Operands } from './operands.ts'
import { type Reading, read, unknown } from './readers.ts'
import { rewrite } from './rewrites/index.ts'
import { numelOfDims } from './shapes.ts'

/** A file's graph, translated. */
export interface Translated {
  translator: Translator
  inputs: { id: string; name: string; shape: readonly number[] }[]
  outputs: string[]
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
  readonly #folder = new Folder()
  readonly #batch: number
  readonly #statedShape: (tensor: string) => readonly number[] | undefined
  readonly #numbers = new Map<Constant, number>()
  #needed = new Set<string>()
  readonly #operands: Operands

  /**
   * @param batch the file's own batch.
   * @param statedShape the shape that the file states of a tensor, at its own batch.
   */
  constructor(batch: number, statedShape: (tensor: string) => readonly number[] | undefined) {
    this.#batch = batch
    this.#statedShape = statedShape
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
    const values = node.inputs.map((name) => (name === '' ? undefined : this.value(name)))
    if (this.#compute(node, values)) {
      this.folded++
      return
    }
    const replaced = rewrite(node, values)
    if (replaced) {
      for (const [name, constant] of replaced.constants) this.values.set(name, constant)
      for (const each of replaced.nodes) this.node(each)
      return
    }
    const view = new NodeView(node, values, this.#batch)
    const reading = read(node, view) ?? opaque(node, values, this.#batch, this.#statedShape)
    if (!reading) throw unknown(node)
    this.#layer(node, view, values, reading)
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
        this.layers.push({ id, type: 'Identity', inputs: [value.reference], attributes: {}, slots: new Map() })
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
      if (result && name !== '') this.values.set(name, result)
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
    if (results)
      for (const value of values)
        for (const { tensor } of (value as Constant | undefined)?.sources ?? [])
          this.fates.set(tensor, `${node.opType} node ${quote(nodeName(node))} computes with it at import`)
    return results
  }

  #layer(node: FileNode, view: NodeView, values: readonly (Value | undefined)[], { op, layer }: Reading): void {
    const name = nodeName(node)
    const slots = new Map<string, FilledSlot>()
    for (const [parameter, slot] of Object.entries(layer.parameters ?? {})) slots.set(parameter, this.#slot(node, values, slot))
    const operands = this.#operands.of(node, op, values, layer)
    const id = this.ids.fresh([node.name, node.outputs.find((output) => output !== '') ?? ''], node.opType)
    const attributes = this.#attributes(op, id, layer.attributes ?? {}, node)
    const shapes = (wide: boolean) =>
      op.shape(
        operands.map((operand) => (wide ? operand.wide : operand.shape)),
        attributes as never,
      )
    const carrier = operands.find((operand) => batchDim(operand.shape, operand.wide) !== null)
    let narrow: Shape[]
    try {
      narrow = shapes(false)
    } catch (cause) {
      if (!(cause instanceof ShapeError || cause instanceof CountOverflow)) throw cause
      throw invalid(`${node.opType} node ${quote(name)}, which makes tensor ${quote(node.outputs[0] ?? '')}: ${cause.message}`, name)
    }
    let wide: Shape[]
    try {
      wide = operands.some((operand) => operand.shape !== operand.wide) ? shapes(true) : narrow
    } catch (cause) {
      throw new BatchLost(`${node.opType} node ${quote(name)}: ${(cause as Error).message}`)
    }
    if (op.parameters)
      this.#checkSlots(
        node,
        op,
        attributes,
        operands.map((operand) => operand.shape),
        slots,
      )
    for (const input of view.consulted)
      for (const { tensor } of (values[input] as Constant).sources)
        this.fates.set(tensor, `an attribute of ${node.opType} node ${quote(name)}, no weight`)
    const inputs = operands.map((operand) => operand.reference)
    this.layers.push({ id, type: op.type, inputs, attributes, slots, node: node.name })
    node.outputs.forEach((output, i) => {
      if (output === '') return
      const shape = narrow[i]
      if (!shape) {
        // Read by nobody, or by someone who then finds nothing: masks of Dropout, indices of MaxPool.
        return
      }
      const other = wide[i] as Shape
      const dim = batchDim(shape, other)
      // Every op but a reshape leaves the batch where it is within its dim.
      const outer =
        view.outer ??
        (carrier && dim !== null && shape[dim] === carrier.shape[batchDim(carrier.shape, carrier.wide)!] ? carrier.outer : undefined)
      this.values.set(output, {
        kind: 'activation',
        name: output,
        reference: i === 0 ? id : `${id}:${i}`,
        shape,
        wide: other,
        ...(outer === undefined ? {} : { outer }),
      })
    })
  }

  #number(constant: Constant): number {
    const there = this.#numbers.get(constant)
    if (there !== undefined) return there
    this.#numbers.set(constant, this.#numbers.size)
    return this.#numbers.size - 1
  }

  #slot(node: FileNode, values: readonly (Value | undefined)[], { input, transposed = false, factor = 1 }: OnnxSlot): FilledSlot {
    const constant = values[input]
    if (constant?.kind !== 'constant')
      throw invalid(
        `${node.opType} node ${quote(nodeName(node))}: its input ${input} is computed by the network; weights are read from the file only`,
        nodeName(node),
      )
    if (constant.wide) throw new BatchLost(`the weights of ${node.opType} node ${quote(nodeName(node))} depend on the batch`)
    return { constant, transposed, factor }
  }

  #checkSlots(
    node: FileNode,
    op: AnyOp,
    attributes: Record<string, unknown>,
    inputs: readonly Shape[],
    slots: ReadonlyMap<string, FilledSlot>,
  ): void {
    for (const { name, shape } of op.parameters!(inputs, attributes as never)) {
      const slot = slots.get(name)
      if (slot && numelOfDims(slot.constant.shape) !== numelOfDims(shape))
        throw invalid(
          `${node.opType} node ${quote(nodeName(node))}: tensor ${quote(slot.constant.name)} of ${slot.constant.shape.join('×') || 'a scalar'} is no ${name} of ${shape.join('×')}`,
          nodeName(node),
        )
    }
  }

  #attributes(op: AnyOp, id: string, given: Record<string, unknown>, node: FileNode): Record<string, unknown> {
    const problems = new Problems('INVALID_ONNX', `${node.opType} node ${quote(nodeName(node))}`)
    const attributes = readAttributes(given, op, '', id, problems)
    problems.check()
    return attributes as Record<string, unknown>
  }
}
