import { EngineError } from '../errors.ts'
import { CountOverflow } from '../exact.ts'
import { numel, type Shape } from '../shape.ts'

/**
 * Elements of the constants that a network's layers bring with them beside its parameters, all layers together: divisors
 * of ceil-mode pooling, shares of adaptive pooling, ones in the place of a scale, causal masks. As float32 64 MiB; no
 * network of the zoo brings any.
 */
export const mostConstantElements = 2 ** 24

/** Counts the constants of one export or one lowering before they are made. */
export class ConstantBudget {
  #elements = 0

  /**
   * @param layer that brings the constant.
   * @throws EngineError EXPORT_UNSUPPORTED naming layer, shape, bytes and bound where there are too many.
   */
  take(shape: Shape, layer: { id: string; type: string }): void {
    this.#elements += elementsOf(shape)
    if (this.#elements <= mostConstantElements) return
    const message = `layer ${layer.id} (${layer.type}) needs a constant of ${shape.join('×')}, with which the constants of the network take ${4 * this.#elements} bytes beside its parameters: the limit is ${4 * mostConstantElements}; make its input or output smaller`
    throw new EngineError('EXPORT_UNSUPPORTED', message, [{ path: '', layerId: layer.id, message }])
  }
}

function elementsOf(shape: Shape): number {
  try {
    return numel(shape)
  } catch (cause) {
    if (cause instanceof CountOverflow) return Number.POSITIVE_INFINITY
    throw cause
  }
}
