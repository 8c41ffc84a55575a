import { ShapeError } from '../../errors.ts'
import { CountOverflow } from '../../exact.ts'
import { findOp } from '../../ops/index.ts'
import type { Shape } from '../../shape.ts'
import type { Config } from './config.ts'
import { KerasFault } from './fault.ts'
import { type DataFormat, type KerasTensor, keepsOrder, type Layout, permutation, rankOf } from './tensor.ts'
import type { Operand } from './topology.ts'
import type { Writer } from './writer.ts'

/** Writes one call of a layer of this class. @throws KerasFault saying what would be right. */
export type LayerClass = (call: Call) => KerasTensor

/** One call of one Keras layer, as its entry in the table (`layers/`) sees it: inputs and config in, engine layers out. */
export class Call {
  readonly config: Config
  readonly inputs: readonly KerasTensor[]
  readonly className: string
  /** 2 or 3: a few functions changed between them. */
  readonly generation: 2 | 3
  /** True where the layer, or a model around it, is called more than once, so that its weights must mean the same at every call. */
  readonly shared: boolean
  /** The number that the layer is called on beside its tensor. */
  readonly operand: Operand | undefined
  readonly #writer: Writer
  readonly #id: string
  readonly #firstId: string
  readonly #parts = new Map<string, number>()

  constructor(of: {
    config: Config
    inputs: readonly KerasTensor[]
    className: string
    generation: 2 | 3
    shared: boolean
    writer: Writer
    id: string
    firstId: string
    operand?: Operand
  }) {
    this.config = of.config
    this.inputs = of.inputs
    this.className = of.className
    this.generation = of.generation
    this.shared = of.shared
    this.operand = of.operand
    this.#writer = of.writer
    this.#id = of.id
    this.#firstId = of.firstId
  }

  /** The one input. @throws KerasFault where there are several, or its rank is not among `ranks` (batch included). */
  input(...ranks: number[]): KerasTensor {
    if (this.inputs.length !== 1)
      throw new KerasFault(`${this.className} takes one input, but is called on ${this.inputs.length}`, '/inbound_nodes')
    if (this.operand) throw new KerasFault(`${this.className} takes no number beside its input, but is called on one`, '/inbound_nodes')
    const [x] = this.inputs as [KerasTensor]
    if (ranks.length > 0 && !ranks.includes(rankOf(x)))
      throw new KerasFault(
        `${this.className} takes an input with ${ranks.map((rank) => rank - 1).join(' or ')} axes beside the batch, but gets ${rankOf(x) - 1}`,
      )
    return x
  }

  /**
   * Writes an engine layer. It bears the Keras layer's name, or `name.part`. Where the Keras layer
   * was called before, it takes its weights from there.
   * @returns its first output.
   * @throws KerasFault as the op's shape rule refuses it.
   */
  add(
    type: string,
    from: KerasTensor | readonly KerasTensor[],
    attributes: Record<string, unknown>,
    layout: Layout,
    part?: string,
  ): KerasTensor {
    const inputs = Array.isArray(from) ? (from as readonly KerasTensor[]) : [from as KerasTensor]
    const op = findOp(type)
    if (!op) throw new Error(`no op ${type}`)
    const uses = (this.#parts.get(part ?? '') ?? 0) + 1
    this.#parts.set(part ?? '', uses)
    const suffix = `${part === undefined ? '' : `.${part}`}${uses === 1 ? '' : `.${uses}`}`
    if (inputs.length < op.arity.min || inputs.length > op.arity.max)
      throw new KerasFault(
        `${this.className} takes ${op.arity.min} to ${op.arity.max} inputs here, but is called on ${inputs.length}`,
        '/inbound_nodes',
      )
    let shapes: Shape[]
    try {
      shapes = op.shape(
        inputs.map(({ shape }) => shape),
        op.canonical(attributes as never),
      )
    } catch (cause) {
      if (cause instanceof ShapeError)
        throw new KerasFault(inputs.some((x) => x.layout === 'channels-first') ? `${cause.message} (channels first)` : cause.message)
      if (cause instanceof CountOverflow) throw new KerasFault(cause.message)
      throw cause
    }
    const weightsOf = op.parameters && this.#id !== this.#firstId ? `${this.#firstId}${suffix}` : undefined
    const ref = this.#writer.write(
      `${this.#id}${suffix}`,
      type,
      inputs.map((x) => x.ref),
      attributes,
      weightsOf,
    )
    return { ref, shape: shapes[0]!, layout }
  }

  /** The same tensor with its dims in another order: a view where no element moves, else a transposition. A sequence
   * that is an input, and that nothing has read yet, is taken in that order in the first place. */
  arrange(x: KerasTensor, layout: 'as-is' | 'channels-first'): KerasTensor {
    if (x.layout === 'mixed') {
      const map = this.add('Reshape', x, { shape: x.map!.slice(1) }, 'channels-first', 'map')
      return this.add('Flatten', this.arrange(map, 'as-is'), {}, 'as-is', 'flat')
    }
    if (x.layout === layout || rankOf(x) < 3) return x.layout === layout ? x : { ...x, layout: 'as-is' }
    const dims = permutation(rankOf(x), layout)
    if (this.#writer.turnInput(x, dims, layout)) return x
    const part = layout === 'as-is' ? 'channels_last' : 'channels_first'
    if (keepsOrder(x.shape, dims)) return this.add('Reshape', x, { shape: dims.slice(1).map((dim) => x.shape[dim]) }, layout, part)
    return this.add('Transpose', x, { dims }, layout, part)
  }

  /** `data_format`: position of the channels in Keras's tensor. */
  get dataFormat(): DataFormat {
    return this.config.word('data_format', ['channels_last', 'channels_first'], this.#writer.dataFormat)
  }

  /** The layout in which the engine finds the channels of Keras's tensors at dim 1. */
  get mapLayout(): 'as-is' | 'channels-first' {
    return this.dataFormat === 'channels_last' ? 'channels-first' : 'as-is'
  }

  /** The one input as the engine's map, N×C×…, of a rank among `ranks`. */
  mapInput(...ranks: number[]): KerasTensor {
    return this.arrange(this.input(...ranks), this.mapLayout)
  }
}
