import type { Quantities } from '../../../op.ts'
import type { Decomposer } from '../decompositions/decomposer.ts'
import type { Known } from './rule.ts'

/**
 * Arithmetic of one hidden unit in one step beside the products, with the activations that ONNX takes by default. A sigmoid is
 * an exp, an addition and a division.
 */
const gatesOf: Readonly<Record<string, { gates: number; unit: Quantities }>> = {
  // Sums of 4 gates, 3 sigmoids; ct = ft·c + it·ĉ, h = ot·tanh(ct).
  LSTM: { gates: 4, unit: { additions: 8, divisions: 3, transcendentals: 5, multiplications: 3 } },
  // Sums of 3 gates, 2 sigmoids, a tanh; rt·h, h = (1 − zt)·ĥ + zt·h.
  GRU: { gates: 3, unit: { additions: 7, divisions: 2, transcendentals: 3, multiplications: 3 } },
  RNN: { gates: 1, unit: { additions: 1, transcendentals: 1 } },
}

/**
 * LSTM, GRU and RNN (onnx.ai, LSTM-22): in each step and direction every gate multiplies the input and the last hidden state, so
 * gates × hidden × (input + hidden) multiply-adds. X is steps × batch × input, or batch first with `layout: 1`.
 */
export function recurrent(node: Decomposer): Known | null {
  const { gates, unit } = gatesOf[node.node.opType]!
  const [x, w, r] = [node.shape(0), node.shape(1), node.shape(2)]
  if (x.length !== 3 || w.length !== 3 || r.length !== 3) throw new Error('its input and its weights have 3 dims each')
  const batchFirst = node.attributes.int('layout', 0) === 1
  const [steps, batch] = batchFirst ? [x[1]!, x[0]!] : [x[0]!, x[1]!]
  const [directions, input, hidden] = [w[0]!, x[2]!, r[2]!]
  const wanted = node.attributes.text('direction', 'forward') === 'bidirectional' ? 2 : 1
  if (directions !== wanted) throw new Error(`its direction takes weights of ${wanted} first, but W has ${directions}`)
  if (w[1] !== gates * hidden || w[2] !== input || r[1] !== gates * hidden)
    throw new Error(
      `an input of ${input} and ${hidden} hidden units take W of ${directions}×${gates * hidden}×${input} and R of ${directions}×${gates * hidden}×${hidden}, but W is ${w.join('×')} and R ${r.join('×')}`,
    )
  const units = steps * batch * directions * hidden
  const peepholes = node.values[7] ? 3 : 0
  const quantities: Quantities = {
    macs: units * gates * (input + hidden),
    ...(node.values[3] ? { biasAdds: 2 * gates * units } : {}),
    ...Object.fromEntries(Object.entries(unit).map(([name, each]) => [name, each * units])),
  }
  if (peepholes > 0) {
    quantities.multiplications! += peepholes * units
    quantities.additions! += peepholes * units
  }
  return {
    outputs: batchFirst
      ? [[batch, steps, directions, hidden], ...[1, 2].map(() => [batch, directions, hidden])]
      : [[steps, directions, batch, hidden], ...[1, 2].map(() => [directions, batch, hidden])],
    quantities,
    ...(batchFirst ? {} : { inputBatch: { 0: 1, 5: 1, 6: 1 }, outputBatch: [2, 1, 1] }),
  }
}
