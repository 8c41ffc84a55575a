import type { Convention } from './conventions/convention.ts'
import { exact } from './exact.ts'
import { reference } from './graph.ts'
import type { InferredLayer } from './infer.ts'
import type { Parameter } from './op.ts'
import { numel, numelOf, type Shape } from './shape.ts'
import { countedFor } from './shared-weights.ts'
import type { Widths } from './widths.ts'

/** What is counted of each layer, for the whole batch. */
export const column = {
  ...{ params: 0, buffers: 1, macs: 2, flops: 3, outputElements: 4, outputBytes: 5, bytesRead: 6, bytesWritten: 7, weightBytes: 8 },
} as const
const columns = 9

/** The counts of all layers, and their sums so far. One array: an object a layer would be most of the work of counting it. */
export class Counts {
  readonly #values: Float64Array
  readonly #totals = new Array<number>(columns).fill(0)

  constructor(layers: number) {
    this.#values = new Float64Array(layers * columns)
  }

  /** Takes what is counted of a layer, in the order of `column`. @throws CountOverflow where a total with it passes 2^53 − 1. */
  add(layer: number, ...counts: [number, number, number, number, number, number, number, number, number]): void {
    const values = this.#values
    const totals = this.#totals
    const first = layer * columns
    for (let i = 0; i < columns; i++) {
      const count = counts[i] as number
      values[first + i] = count
      totals[i] = exact((totals[i] as number) + count)
    }
  }

  of = (layer: number, column: number): number => this.#values[layer * columns + column] as number
  total = (column: number): number => this.#totals[column] as number
}

/**
 * Counts a layer. @returns whether its arithmetic is known.
 * @throws CountOverflow past 2^53 − 1.
 */
export function countLayer(inferred: InferredLayer, convention: Convention, widths: Widths, counts: Counts, at: number): boolean {
  const { layer, op, inputs, outputs } = inferred
  const { type, attributes } = layer
  // What the layer computes with, and what of it is counted here.
  let paramsRead = 0
  let parameterBytes = 0
  let params = 0
  let buffers = 0
  let weightBytes = 0
  if (op.parameters) {
    const parameters = op.parameters(inputs, attributes)
    for (let i = 0; i < parameters.length; i++) {
      const parameter = parameters[i] as Parameter
      const held = numel(parameter.shape)
      const counted = countedFor(layer, parameter)
      if (parameter.trainable) {
        paramsRead = exact(paramsRead + held)
        params = exact(params + counted)
      } else buffers = exact(buffers + counted)
      const bytes = widths.parameterBytes(layer, parameter.name, held)
      parameterBytes = exact(parameterBytes + bytes)
      weightBytes = exact(weightBytes + (counted === held ? bytes : widths.parameterBytes(layer, parameter.name, counted)))
    }
  }
  const quantities = op.quantities(inferred, attributes)
  const flops = quantities ? convention.rule(type).count({ type, attributes, inputs, outputs, params: paramsRead, quantities }) : 0
  const isView = widths.isView(inferred)
  let outputElements = 0
  let outputBytes = 0
  let bytesRead = 0
  if (!op.stored) {
    outputElements = numelOf(outputs)
    if (!isView || op.view)
      for (let i = 0; i < outputs.length; i++)
        outputBytes = exact(outputBytes + widths.outputBytes(reference(layer.id, i), numel(outputs[i] as Shape)))
    if (!isView) {
      bytesRead = parameterBytes
      for (let i = 0; i < inputs.length; i++)
        bytesRead = exact(bytesRead + widths.outputBytes(layer.inputs[i] as string, numel(inputs[i] as Shape)))
    }
  }
  const bytesWritten = isView ? 0 : outputBytes
  exact(bytesRead + bytesWritten)
  counts.add(at, params, buffers, quantities?.macs ?? 0, flops, outputElements, outputBytes, bytesRead, bytesWritten, weightBytes)
  return quantities !== null
}
