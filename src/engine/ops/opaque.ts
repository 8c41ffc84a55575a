import { type Static, Type } from 'typebox'
import { EngineError } from '../errors.ts'
import { defineOp, type Parameter } from '../op.ts'

const size = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })

const Attributes = Type.Object({
  opType: Type.String({ maxLength: 200, description: 'What the file calls the operator.' }),
  domain: Type.Optional(Type.String({ maxLength: 200, description: 'The operator set it belongs to. Default "", ONNX’s own.' })),
  outputShapes: Type.Array(Type.Array(size, { maxItems: 8 }), {
    minItems: 1,
    maxItems: 64,
    description: 'Shapes of its outputs for one image, without the batch, which is put on top.',
  }),
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
        maxItems: 64,
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

const refuse = (a: OpaqueAttributes): never => {
  throw new EngineError(
    'EXPORT_UNSUPPORTED',
    `${operator(a)} is known by its shapes alone: it can be neither exported nor run here; run the file it came from`,
  )
}

/**
 * An operator of a file that is not known here but for the shapes that the file states, and for what it owns. It is listed
 * in `uncounted`, never counted as 0.
 */
export const opaque = defineOp({
  type: 'Opaque',
  summary: 'An operator of an imported file that is known by its shapes alone.',
  attributes: Attributes,
  arity: { min: 1, max: 64 },
  canonical: (raw: Static<typeof Attributes>): OpaqueAttributes => ({
    opType: raw.opType,
    domain: raw.domain ?? '',
    outputShapes: raw.outputShapes.map((shape) => [...shape]),
    ...(raw.includesBatch ? { includesBatch: true as const } : {}),
    ...(raw.weights?.length
      ? { weights: raw.weights.map(({ name, shape, learned }) => ({ name, shape: [...shape], learned: learned ?? true })) }
      : {}),
  }),
  shape: (inputs, a) => a.outputShapes.map((shape) => (a.includesBatch ? [...shape] : [inputs[0]?.[0] ?? 1, ...shape])),
  parameters: (_inputs, { weights = [] }) =>
    weights.map(({ name, shape, learned }): Parameter => ({ name, shape, init: 'shift', trainable: learned })),
  quantities: () => null,
  named: operator,
  withoutMacs: ({ opType, domain }) => domain === '' && !multiplying.has(opType),
  field: () => 'global',
  onnx: (_emit, _shapes, a) => refuse(a),
  tfjs: (_tf, { attributes }) => refuse(attributes),
})
