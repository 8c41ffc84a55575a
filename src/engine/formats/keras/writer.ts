import { EngineError } from '../../errors.ts'
import type { Limits } from '../../limits.ts'
import type { DataFormat, KerasTensor } from './tensor.ts'

/** A Keras name as far as the engine's rule for ids allows; without dots, which set off the parts of a layer. */
export function plainId(name: string): string {
  const plain = name.slice(0, 120).replaceAll(/[^A-Za-z0-9_/-]/g, '_')
  return /^[A-Za-z0-9_]/.test(plain) ? plain : `_${plain}`
}

/** The engine's graph as it is written, layer by layer, in the form of a specification. */
export class Writer {
  readonly inputs: { id: string; shape: number[] }[] = []
  readonly layers: Record<string, unknown>[] = []
  /** Engine id → JSON pointer of the Keras layer it was written for. */
  readonly origins = new Map<string, string>()
  readonly read = new Set<string>()
  readonly dataFormat: DataFormat
  readonly #limits: Limits
  readonly #taken = new Set<string>()
  // How often an id was requested, so that the thousandth request is as fast as the first.
  readonly #uses = new Map<string, number>()
  #origin = ''

  constructor(dataFormat: DataFormat, limits: Limits) {
    this.dataFormat = dataFormat
    this.#limits = limits
  }

  /** Layers written from here on represent the Keras layer at `path`. */
  at(path: string): void {
    this.#origin = path
  }

  input(id: string, shape: number[]): void {
    this.origins.set(id, this.#origin)
    this.inputs.push({ id, shape })
  }

  /**
   * Reorders an input of two axes, as long as nothing reads it. Images stay C×H×W, whatever reads them first. @returns
   * whether it did.
   */
  turnInput(x: KerasTensor, dims: readonly number[], layout: KerasTensor['layout']): boolean {
    const input = this.read.has(x.ref) || x.shape.length !== 3 ? undefined : this.inputs.find(({ id }) => id === x.ref)
    if (input === undefined) return false
    input.shape = dims.slice(1).map((dim) => x.shape[dim]!)
    x.shape = [1, ...input.shape]
    x.layout = layout
    return true
  }

  write(id: string, type: string, inputs: string[], attributes: Record<string, unknown>, weightsOf: string | undefined): string {
    if (this.layers.length >= this.#limits.maxLayers) throw tooMany(this.#origin, this.#limits.maxLayers)
    for (const each of inputs) this.read.add(each)
    this.origins.set(id, this.#origin)
    this.layers.push({ id, type, inputs, ...(weightsOf === undefined ? {} : { weightsOf }), ...attributes })
    return id
  }

  /** An id for a Keras layer that no other has, nor begins with in its parts. */
  fresh(wanted: string): string {
    const id = plainId(wanted)
    for (let n = (this.#uses.get(id) ?? 0) + 1; ; n++) {
      this.#uses.set(id, n)
      const candidate = n === 1 ? id : `${id}_${n}`
      if (!this.#taken.has(candidate) && !this.origins.has(candidate)) {
        this.#taken.add(candidate)
        return candidate
      }
    }
  }
}

export const tooMany = (path: string, most: number): EngineError =>
  new EngineError('LIMIT_EXCEEDED', `the model comes to more than ${most} layers, the limit`, [
    { path, layerId: null, message: `at most ${most} layers, each call of a shared layer or model counted` },
  ])
