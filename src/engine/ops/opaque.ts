import { type Static, Type } from 'typebox'
import { EngineError, ShapeError } from '../errors.ts'
import { product } from '../exact.ts'
import { defineOp, type Parameter, type Quantities } from '../op.ts'

const size = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const dim = Type.Integer({ minimum: 0, maximum: 7 })
const count = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

const Attributes = Type.Object({
  opType: Type.String({ maxLength: 200, description: 'What the file calls the operator.' }),
  domain: Type.Optional(Type.String({ maxLength: 200, description: 'The operator set it belongs to. Default "", ONNX’s own.' })),
  outputShapes: Type.Array(Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), { maxItems: 8 }), {
    minItems: 1,
    maxItems: 64,
    description: 'Shapes of its outputs for one image, without the batch, which is put on top. 0 with dataDependent alone.',
  }),
  dataDependent: Type.Optional(
    Type.Boolean({ description: 'The sizes of its outputs depend on the data and are not known: 0 stands for them. Default false.' }),
  ),
  inputBatchDims: Type.Optional(
    Type.Array(dim, { maxItems: 64, description: 'For each input, the dim that holds the batch. Default: 0 for each.' }),
  ),
  outputBatchDims: Type.Optional(
    Type.Array(dim, { maxItems: 64, description: 'For each output, where among its dims the batch is put. Default: 0 for each.' }),
  ),
  quantities: Type.Optional(
    Type.Object(
      {
        macs: count,
        biasAdds: count,
        windowReads: count,
        additions: count,
        multiplications: count,
        divisions: count,
        comparisons: count,
        transcendentals: count,
      },
      { description: 'What it computes for one image, where that is known: it is then counted. Default: not counted.' },
    ),
  ),
  includesBatch: Type.Optional(
    Type.Boolean({ description: 'outputShapes are whole, since no batch is put on top: the layer reads none. Default false.' }),
  ),
  weights: Type.Optional(
    Type.Array(
      Type.Object({
        name: Type.String({ maxLength: 60 }),
        shape: Type.Array(size, { maxItems: 8 }),
        learned: Type.Optional(Type.Boolean()),
      }),
      {
        maxItems: 10_000,
        description: 'Tensors that it owns: learned ones, its parameters, and with learned false those that are fixed. Default: none.',
      },
    ),
  ),
})

interface OpaqueAttributes {
  opType: string
  domain: string
  outputShapes: readonly (readonly number[])[]
  includesBatch?: true
  dataDependent?: true
  inputBatchDims?: readonly number[]
  outputBatchDims?: readonly number[]
  quantities?: Quantities
  weights?: readonly { name: string; shape: readonly number[]; learned: boolean }[]
}

/** An operator as files name it: with its domain where that is not ONNX's own. */
const operator = ({ opType, domain }: OpaqueAttributes): string => (domain === '' ? opType : `${domain}.${opType}`)

/** Operators of ONNX's own domain that multiply matrices or hold graphs; every other one has no multiply-adds. */
const multiplying: ReadonlySet<string> = new Set(
  'Attention CausalConvWithState Conv ConvInteger ConvTranspose DFT DeformConv Einsum GRU Gemm If LSTM LinearAttention Loop MatMul MatMulInteger MelWeightMatrix QLinearConv QLinearMatMul RNN STFT Scan SequenceMap SwiGLU'.split(
    ' ',
  ),
)

/** Those of ONNX Runtime that have none. */
const withoutContrib: ReadonlySet<string> = new Set(['com.microsoft.RotaryEmbedding', 'com.microsoft.Trilu'])

const refuse = (a: OpaqueAttributes): never => {
  throw new EngineError(
    'EXPORT_UNSUPPORTED',
    `${operator(a)} is known by its shapes alone: it can be neither exported nor run here; run the file it came from`,
  )
}

/**
 * An operator that runs from the file that it came in alone: known here are its shapes, what it owns, and where the importer
 * can say so (`onnx-import/known/`) what it computes. Else it is listed in `uncounted`, never counted as 0.
 */
export const opaque = defineOp({
  type: 'Opaque',
  summary: 'An operator of an imported file that runs from that file alone.',
  attributes: Attributes,
  arity: { min: 1, max: 64 },
  canonical: (raw: Static<typeof Attributes>): OpaqueAttributes => ({
    opType: raw.opType,
    domain: raw.domain ?? '',
    outputShapes: raw.outputShapes.map((shape) => [...shape]),
    ...(raw.includesBatch ? { includesBatch: true as const } : {}),
    ...(raw.dataDependent ? { dataDependent: true as const } : {}),
    ...(raw.inputBatchDims?.some((at) => at > 0) ? { inputBatchDims: [...raw.inputBatchDims] } : {}),
    ...(raw.outputBatchDims?.some((at) => at > 0) ? { outputBatchDims: [...raw.outputBatchDims] } : {}),
    ...(raw.quantities ? { quantities: { ...raw.quantities } } : {}),
    ...(raw.weights?.length
      ? { weights: raw.weights.map(({ name, shape, learned }) => ({ name, shape: [...shape], learned: learned ?? true })) }
      : {}),
  }),
  shape: (inputs, a) => {
    const batch = inputs[0]?.[a.inputBatchDims?.[0] ?? 0] ?? 1
    return a.outputShapes.map((shape, i) => {
      if (!a.dataDependent && shape.includes(0))
        throw new ShapeError(`a size of ${operator(a)} is 0: sizes are at least 1, or its sizes depend on the data (dataDependent)`)
      const at = a.outputBatchDims?.[i] ?? 0
      return a.includesBatch ? [...shape] : [...shape.slice(0, at), batch, ...shape.slice(at)]
    })
  },
  parameters: (_inputs, { weights = [] }) =>
    weights.map(({ name, shape, learned }): Parameter => ({ name, shape, init: 'shift', trainable: learned })),
  quantities: ({ inputs }, a) => {
    if (!a.quantities) return null
    const batch = a.includesBatch ? 1 : (inputs[0]?.[a.inputBatchDims?.[0] ?? 0] ?? 1)
    return Object.fromEntries(Object.entries(a.quantities).map(([name, each]) => [name, product(batch, each)]))
  },
  named: operator,
  withoutMacs: (a) => (a.domain === '' ? !multiplying.has(a.opType) : withoutContrib.has(operator(a))),
  unsized: ({ dataDependent }) => dataDependent === true,
  batchIn: (dim, _inputs, a, input) => dim === (a.inputBatchDims?.[input] ?? 0),
  field: () => 'global',
  onnx: (_emit, _shapes, a) => refuse(a),
  tfjs: (_tf, { attributes }) => refuse(attributes),
})
