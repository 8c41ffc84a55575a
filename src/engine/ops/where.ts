import { Type } from 'typebox'
import { defineOp, takes } from '../op.ts'
import { numel } from '../shape.ts'
import { allInputs, broadcast } from './shared/broadcast.ts'
import { inEngineOrder } from './shared/lowering/layout.ts'

/** ONNX's number of the type that a condition has. */
const bool = 9

/**
 * Takes the second tensor where the first is not 0 and the third elsewhere, as `torch.where` and NumPy's: one comparison
 * per element.
 */
export const where = defineOp({
  type: 'Where',
  summary: 'Picks, element by element, from the second tensor where the first is not 0, else from the third; sizes of 1 broadcast.',
  attributes: Type.Object({}),
  arity: takes(3),
  canonical: () => ({}),
  shape: (inputs) => [broadcast(inputs, 'Where')],
  batchIn: () => true,
  quantities: ({ outputs }) => ({ comparisons: numel(outputs[0]!) }),
  fromOnnx: { Where: allInputs },
  onnx: (emit) => {
    const condition = emit.temporary('condition')
    emit.node('Cast', [emit.inputs[0]!], [condition], { to: bool })
    emit.node('Where', [condition, emit.inputs[1]!, emit.inputs[2]!], emit.outputs)
  },
  tfjs: (tf, { inputs }) => {
    const call = ([condition, yes, no]: Parameters<ReturnType<typeof inEngineOrder>>[0]) => tf.where(tf.notEqual(condition!, 0), yes!, no!)
    return inputs.every((shape) => shape.length === inputs[0]!.length) ? call : inEngineOrder(tf, call)
  },
})
