import type { FileDtype, LayerDtypes } from '../../dtypes.ts'
import { ShapeError } from '../../errors.ts'
import { CountOverflow } from '../../exact.ts'
import { reference } from '../../graph.ts'
import type { Shape } from '../../shape.ts'
import type { Constant, Value } from './constant.ts'
import { type Steps, storedDtype } from './element-types.ts'
import { BatchLost, invalid, quote } from './fault.ts'
import type { FilledSlot, TranslatedLayer, Translation } from './layer.ts'
import { attributesOf, checkSlots, multiplies, placesOf, slotOf } from './layer-parts.ts'
import { type FileNode, nodeName } from './model.ts'
import type { NodeView } from './node-view.ts'
import { isUnsized } from './opaque.ts'
import type { Operands } from './operands.ts'
import type { Reading } from './readers.ts'
import type { StatedShapes } from './value-info.ts'

/** Of all layers that the file gives no parameters. */
const noSlots = new Map<string, FilledSlot>()

/** Adds the layer that a node was read as, with its parameters and types, and the values that it gives. */
export class LayerWriter {
  readonly #to: Translation
  readonly #operands: Operands
  readonly #stated: StatedShapes

  constructor(to: Translation, operands: Operands, stated: StatedShapes) {
    this.#to = to
    this.#operands = operands
    this.#stated = stated
  }

  /**
   * @param steps what the steps are like that the node is being written as; null where it is a node of the file.
   * @throws EngineError INVALID_ONNX where the layer's op cannot take what the node reads; BatchLost where the batch cannot be
   * followed through it.
   */
  write(node: FileNode, view: NodeView, values: readonly (Value | undefined)[], { op, layer }: Reading, steps: Steps | null): void {
    const name = nodeName(node)
    const slots = layer.parameters ? new Map<string, FilledSlot>() : noSlots
    for (const parameter in layer.parameters) slots.set(parameter, slotOf(node, values, layer.parameters[parameter]!))
    const operands = this.#operands.of(node, op, values, layer)
    const id = this.#to.ids.fresh([node.name, node.outputs.find((output) => output !== '') ?? ''], node.opType)
    const attributes = attributesOf(op, id, layer.attributes ?? {}, node)
    const given = operands.map((operand) => operand.shape)
    let narrow: Shape[]
    try {
      narrow = op.shape(given, attributes as never)
    } catch (cause) {
      if (!(cause instanceof ShapeError || cause instanceof CountOverflow)) throw cause
      throw invalid(`${node.opType} node ${quote(name)}, which makes tensor ${quote(node.outputs[0] ?? '')}: ${cause.message}`, name)
    }
    let wide: Shape[]
    try {
      wide = operands.some((operand) => operand.shape !== operand.wide)
        ? op.shape(
            operands.map((operand) => operand.wide),
            attributes as never,
          )
        : narrow
    } catch (cause) {
      throw new BatchLost((cause as Error).message)
    }
    const unsized = op.unsized?.(attributes as never) === true
    if (unsized && !isUnsized(values))
      this.#to.notes.push(
        `The sizes of what ${node.opType} node ${quote(name)} gives depend on the data and are not known here: what comes after it is named and not counted.`,
      )
    const parameters = op.parameters?.(given, attributes as never) ?? []
    const places = unsized ? null : placesOf(op, attributes, operands, narrow, wide, view.outer, parameters)
    checkSlots(node, parameters, slots)
    for (const input of view.consulted)
      for (const { tensor } of (values[input] as Constant).sources)
        this.#to.fates.set(tensor, `an attribute of ${node.opType} node ${quote(name)}, no weight`)
    const inputs = operands.map((operand) => operand.reference)
    const shapes = { inputs: given, outputs: narrow }
    const dtypes = this.#dtypes(node, values, slots, multiplies(op, shapes, attributes), steps)
    this.#to.layers.push({ id, type: op.type, inputs, attributes, slots, parameters, node: node.name, dtypes, shapes })
    for (let i = 0; i < node.outputs.length; i++) {
      const output = node.outputs[i] as string
      const shape = narrow[i]
      // An output that no layer makes is read by nobody, or by someone who then finds nothing: masks of Dropout, indices of MaxPool.
      if (output === '' || !shape) continue
      if (!unsized) this.#stated.check(output, shape, node)
      const outer = places?.[i]?.outer ?? 1
      const made = { kind: 'activation' as const, name: output, reference: reference(id, i), shape, wide: wide[i] as Shape }
      this.#to.values.set(
        output,
        outer === 1 && !unsized ? made : { ...made, ...(outer === 1 ? {} : { outer }), ...(unsized ? { unsized: true as const } : {}) },
      )
    }
  }

  #dtypes(
    node: FileNode,
    values: readonly (Value | undefined)[],
    slots: TranslatedLayer['slots'],
    multiplies: boolean,
    steps: Steps | null,
  ): LayerDtypes {
    const macs = multiplies ? this.#to.types.macs(node, values, steps) : undefined
    const output = this.#to.types.output(node.outputs.find((name) => name !== '') ?? '', node, steps)
    const dtypes: LayerDtypes = {}
    if (macs) dtypes.macs = macs
    if (output) dtypes.output = output
    if (slots.size > 0) {
      const params: Record<string, FileDtype> = {}
      slots.forEach(({ constant }, name) => {
        const dtype = storedDtype(constant)
        if (dtype) params[name] = dtype
      })
      dtypes.params = params
    }
    return dtypes
  }
}
