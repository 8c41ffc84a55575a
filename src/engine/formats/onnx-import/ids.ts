import { NameSpace } from '../onnx-names.ts'

const longest = 200
/** What is an id as it stands. */
const fitting = /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/

/** A name of the file as an id: what no id may hold becomes `_`, and what it may not begin with goes. */
function fit(name: string): string {
  if (name.length <= longest - 10 && fitting.test(name)) return name
  const replaced = name.replace(/[^A-Za-z0-9_./-]/g, '_').replace(/^[./-]+/, '')
  return replaced.slice(0, longest - 10)
}

/** Ids of inputs and layers: names of the file as far as the id rule allows, each once. */
export class Ids {
  readonly #names = new NameSpace()

  /** The first of the names that leaves something, or `otherwise`, made unique. */
  fresh(names: readonly string[], otherwise: string): string {
    for (const name of names) {
      const id = fit(name)
      if (id !== '') return this.#names.fresh(id)
    }
    return this.#names.fresh(fit(otherwise) || 'layer')
  }
}
