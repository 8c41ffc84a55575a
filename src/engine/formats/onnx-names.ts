/**
 * How the shape of a weight that was left out is named behind the weight's own name: a ConstantOfShape of it stands in for
 * the weight, as `onnx.tools.replace_constants` of the onnx package writes it. Any other ConstantOfShape is what it says.
 */
export const standInShape = '__SHAPE'

/**
 * Names inside an ONNX graph. Tensors share one name space, nodes another, and a layer may bear any id, so every name
 * that is derived (`conv1.weight`) must give way to an id that is spelt the same.
 */
export class NameSpace {
  readonly #taken = new Set<string>()
  readonly #next = new Map<string, number>()

  /** Takes names that must stand as they are. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#taken.add(name)
  }

  /** `wanted`, or `wanted_2`, `wanted_3`, … where it is taken. */
  fresh(wanted: string): string {
    let name = wanted
    while (this.#taken.has(name)) {
      const n = (this.#next.get(wanted) ?? 1) + 1
      this.#next.set(wanted, n)
      name = `${wanted}_${n}`
    }
    this.#taken.add(name)
    return name
  }
}
