import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph.ts'
import type { Limits } from '../../limits.ts'
import { opOf } from '../../ops/index.ts'
import { readAttributes } from '../../read-attributes.ts'
import { checkArity, type Draft, otherThanFloat32, readSpec } from '../../read-spec.ts'
import { checkLayerCount, verifyReading } from '../../verify.ts'
import { Violations } from '../../violations.ts'
import type { TranslatedLayer } from './layer.ts'
import type { Translated } from './translate.ts'

/**
 * The graph of a translation, verified as one that a user writes. Its layers are not written out and read again: their ids are
 * each their own, and the attributes of those that nodes make were read where they were made.
 * @param fixed the network works at one image a call alone.
 * @throws EngineError INVALID_ONNX where it is no graph; LIMIT_EXCEEDED.
 */
export function verified({ translator, batch, inputs, outputs }: Translated, fixed: boolean, limits: Limits): Graph {
  const { layers } = translator
  const violations = new Violations()
  try {
    checkLayerCount(layers.length, limits)
    const around = {
      inputs: inputs.map(({ id, shape, dtype }) => ({ id, shape, ...(dtype === undefined ? {} : { dtype }) })),
      outputs,
      ...(fixed ? { fixedBatch: 1 } : {}),
    }
    const reading = readSpec(around, [], violations)
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i] as TranslatedLayer
      // Where a layer is, is said where its id is another's, which none is here.
      reading.ids.set(layer.id, '/layers')
      const draft = draftOf(layer, i, violations)
      if (batch === 1 && layer.shapes) draft.made = { outputs: layer.shapes.outputs, parameters: layer.parameters }
      reading.drafts.push(draft)
    }
    return verifyReading(reading, limits, violations)
  } catch (cause) {
    if (!(cause instanceof EngineError) || cause.code !== 'INVALID_GRAPH') throw cause
    throw new EngineError('INVALID_ONNX', `the file makes no graph: ${cause.message}`, cause.errors)
  }
}

function draftOf(
  { id, type, inputs, attributes, weightsOf, params, dtypes, shapes }: TranslatedLayer,
  index: number,
  violations: Violations,
): Draft {
  const op = opOf(type)
  const { min, max } = op.arity
  if (inputs.length < min || inputs.length > max) checkArity(op, inputs.length, `/layers/${index}`, id, violations)
  const read = shapes ? attributes : readAttributes(attributes, op, `/layers/${index}`, id, violations)
  const draft: Draft = { id, index, op, attributes: read, inputs: inputs as string[], duplicate: false }
  if (weightsOf !== undefined) draft.weightsOf = weightsOf
  if (params !== undefined) draft.params = params
  const types = dtypes && otherThanFloat32(dtypes)
  if (types) draft.dtypes = types
  return draft
}
