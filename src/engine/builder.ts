import type { Static } from 'typebox'
import type { GraphSpec } from './verify.ts'

/**
 * Writes a graph layer by layer, as the zoo's families do. It produces the JSON that a user would have written; the verifier
 * then reads it like any other, so a mistake in a family gives the same messages.
 */
export class GraphBuilder {
  readonly #inputs: { id: string; shape: number[] }[] = []
  readonly #layers: Record<string, unknown>[] = []

  /** Declares an input, C×H×W for one image, and returns its reference. */
  input(shape: readonly number[], id = 'input'): string {
    this.#inputs.push({ id, shape: [...shape] })
    return id
  }

  /** Adds a layer that reads `inputs` (one reference or several) and returns the reference of its first output. */
  add(type: string, id: string, inputs: string | readonly string[], attributes: Record<string, unknown> = {}): string {
    this.#layers.push({ id, type, inputs: typeof inputs === 'string' ? [inputs] : [...inputs], ...attributes })
    return id
  }

  /** The graph as JSON; `outputs` in the order callers will see them. */
  build(...outputs: string[]): Static<typeof GraphSpec> {
    return { inputs: this.#inputs, layers: this.#layers as Static<typeof GraphSpec>['layers'], outputs }
  }
}
