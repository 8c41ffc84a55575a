import { type Static, Type } from 'typebox'
import { EngineError } from '../errors.ts'
import { defineOp } from '../op.ts'

const Attributes = Type.Object({
  opType: Type.String({ maxLength: 200, description: 'What the file calls the operator.' }),
  domain: Type.Optional(Type.String({ maxLength: 200, description: 'The operator set it belongs to. Default "", ONNX’s own.' })),
  outputShapes: Type.Array(Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), { maxItems: 8 }), {
    minItems: 1,
    maxItems: 64,
    description: 'Shapes of its outputs for one image, without the batch, which is put on top.',
  }),
})

interface OpaqueAttributes {
  opType: string
  domain: string
  outputShapes: readonly (readonly number[])[]
}

const refuse = ({ opType }: OpaqueAttributes): never => {
  throw new EngineError(
    'EXPORT_UNSUPPORTED',
    `${opType} is known by its shapes alone: it can be neither exported nor run here; run the file it came from`,
  )
}

/**
 * An operator of a file that is not known here but for the shapes that the file states. It is listed in `uncounted`,
 * never counted as 0.
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
  }),
  shape: (inputs, a) => a.outputShapes.map((shape) => [inputs[0]?.[0] ?? 1, ...shape]),
  quantities: () => null,
  field: () => 'global',
  onnx: (_emit, _shapes, a) => refuse(a),
  tfjs: (_tf, { attributes }) => refuse(attributes),
})
