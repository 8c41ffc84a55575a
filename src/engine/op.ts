import type * as tfjs from '@tensorflow/tfjs-core'
import type { Static, TObject } from 'typebox'
import type { OnnxEmitter } from './formats/onnx-emitter.ts'
import type { OnnxReader } from './formats/onnx-node.ts'
import type { Shape } from './shape.ts'

/**
 * Primitive quantities of one layer for the whole batch: what it does, before any convention counts it. An op states
 * them, a convention (`conventions/`) maps them to a number. Absent means none.
 */
export interface Quantities {
  /** Multiply-accumulates of convolution, linear and matmul. Independent of the convention. */
  macs?: number
  /** Additions of a bias, one per output element that has one. */
  biasAdds?: number
  /** Elements looked at by pooling windows: output elements × window, padding included. */
  windowReads?: number
  additions?: number
  multiplications?: number
  divisions?: number
  comparisons?: number
  /** exp, erf, tanh, pow, sqrt: one each, whatever the hardware needs for it. */
  transcendentals?: number
}

/** A tensor the layer owns. `init` says how a seeded one is filled (`weights.ts`). */
export interface Parameter {
  name: string
  shape: Shape
  /**
   * `he`: uniform He with `fanIn`; `bias`, `shift`: small around 0; `scale`, `variance`: positive around 1; `index`: 0, 1, 2 …
   * below `bound`, and again.
   */
  init: 'he' | 'bias' | 'scale' | 'shift' | 'variance' | 'index'
  /** Inputs that feed one output element; needed by `he`. */
  fanIn?: number
  /** What an index is below; needed by `index`. */
  bound?: number
  /** False for running statistics: bytes of the model, but not a parameter. */
  trainable: boolean
}

/** The window of an op on its input, for receptive fields: sizes are [height, width]. */
export interface FieldWindow {
  kernel: readonly [number, number]
  stride: readonly [number, number]
  dilation: readonly [number, number]
}

export interface LayerShapes {
  inputs: readonly Shape[]
  outputs: readonly Shape[]
}

/** What a TF.js lowering gets once, at load: constants are prepared here, so that the timed call holds none of it. */
export interface TfjsContext<A> extends LayerShapes {
  attributes: A
  /**
   * The layer's parameters as tensors, in the op's own layout (convolution weights O×I/groups×Kh×Kw). A lowering that
   * keeps another form of one disposes the original, so that weights are in memory once.
   */
  parameters: Readonly<Record<string, tfjs.Tensor>>
  /**
   * Called with its shape before a constant is made whose size the network chooses.
   * @throws EngineError EXPORT_UNSUPPORTED where the constants of the network would take too much (`constant-budget.ts`).
   */
  reserve(shape: Shape): void
}

export type TfjsCall = (inputs: tfjs.Tensor[]) => tfjs.Tensor | tfjs.Tensor[]

/**
 * One kind of layer, whole: attributes, shapes, quantities, both lowerings. Adding an op is one file that calls
 * `defineOp` and one line in `ops/index.ts`. Shapes are batch first (`[N, C, H, W]`); `dim` attributes count like
 * PyTorch's, with the batch as dim 0.
 */
export interface OpDefinition<S extends TObject = TObject, A = Static<S>> {
  type: string
  /** One sentence for the docs. */
  summary: string
  /** What a user may write, defaults included in the descriptions. */
  attributes: S
  /** Fills defaults and unifies spellings (3 → [3, 3]). Idempotent: canonical(canonical(a)) = canonical(a). */
  canonical(raw: Static<S>): A
  /** How many inputs it takes. */
  arity: { min: number; max: number }
  /** Output shapes. @throws ShapeError saying what would be right. */
  shape(inputs: readonly Shape[], attributes: A): Shape[]
  /** Parameters and running statistics; none where absent. */
  parameters?(inputs: readonly Shape[], attributes: A): Parameter[]
  /** Primitive quantities, or null where this layer cannot be counted: it is then listed in `uncounted`. */
  quantities(shapes: LayerShapes, attributes: A): Quantities | null
  /** What a layer is called in figures where its type says nothing: the operator of a file. Default: its type. */
  named?(attributes: A): string
  /** Of a layer that cannot be counted: whether it has no multiply-adds, so that their total lacks nothing. Default: it may have some. */
  withoutMacs?(attributes: A): boolean
  /** Whether the sizes of its outputs depend on the data: 0 stands for them, and nothing that is worked out from them counts. */
  unsized?(attributes: A): boolean
  /**
   * How an output element sees the input: `elementwise` (one position), `global` (every position), or a window.
   * Default `elementwise`.
   */
  field?(shapes: LayerShapes, attributes: A): 'elementwise' | 'global' | FieldWindow
  /**
   * Whether dim `dim` of input `input` may hold the images of the batch: positions along it do not meet, so that a batch
   * gives what its images give one by one. Absent: dim 0 of each input alone.
   */
  batchIn?(dim: number, inputs: readonly Shape[], attributes: A, input: number): boolean
  /** True for an op through which data enters the graph: the verifier turns such a layer into a graph input. */
  source?: boolean
  /**
   * True where the output is a weight and not an activation: it takes no activation memory, and layers that read it read a
   * weight.
   */
  stored?: boolean
  /** True where the output is the input's buffer under another shape: no bytes move, no memory is taken. */
  view?: boolean
  /**
   * True where an output element depends on the input elements at its place alone, so that it can be written over one of them
   * in inference.
   */
  inPlace?: boolean
  /**
   * Which channels (dim 1) of each input the output channels from `from` to below `to` are made of. Where it is there and not
   * null, output channels can be made apart from each other, and each parameter goes with the channels that it makes.
   */
  channelsRead?(from: number, to: number, shapes: LayerShapes, attributes: A): (readonly [number, number])[] | null
  /** True where a channel reads its neighbors too, so that devices that hold some channels each may leave out those beyond. */
  readsNeighborChannels?: boolean
  /** ONNX operators that become this op, and how their nodes are read. */
  fromOnnx?: Readonly<Record<string, OnnxReader>>
  /** Writes the layer as ONNX nodes. */
  onnx(emit: OnnxEmitter, shapes: LayerShapes, attributes: A): void
  /**
   * Lowers the layer to TF.js. Feature maps travel as N×H×W×C (the only layout all back ends share), every other
   * rank as it is. Called once at load; what it returns is called per run.
   */
  tfjs(tf: typeof tfjs, context: TfjsContext<A>): TfjsCall
}

/** The registry's view of an op: attribute types erased, since the verifier has checked them. */
export type AnyOp = OpDefinition<TObject, any>

/**
 * Declares an op. The type parameters tie the attribute schema to the functions that read it. All ops are made here with the same
 * fields in the same order, those that they leave out undefined: what walks over layers of many ops then reads a field of any of
 * them as fast as of one.
 */
export function defineOp<S extends TObject, A>(op: OpDefinition<S, A>): OpDefinition<S, A> {
  return {
    type: op.type,
    summary: op.summary,
    attributes: op.attributes,
    arity: op.arity,
    canonical: op.canonical,
    shape: op.shape,
    parameters: op.parameters,
    quantities: op.quantities,
    stored: op.stored,
    view: op.view,
    inPlace: op.inPlace,
    source: op.source,
    named: op.named,
    withoutMacs: op.withoutMacs,
    unsized: op.unsized,
    field: op.field,
    batchIn: op.batchIn,
    channelsRead: op.channelsRead,
    readsNeighborChannels: op.readsNeighborChannels,
    fromOnnx: op.fromOnnx,
    onnx: op.onnx,
    tfjs: op.tfjs,
  }
}

/** Takes exactly `n` inputs. */
export const takes = (n: number): { min: number; max: number } => ({ min: n, max: n })
