import type { Constant, Value } from './constant.ts'
import { attribute } from './decompositions/decomposer.ts'
import { quote } from './fault.ts'
import { Folder } from './fold/index.ts'
import type { Fate, Translation } from './layer.ts'
import { type FileNode, nodeName } from './model.ts'
import { opaqueShapes } from './opaque.ts'
import { isRead } from './readers.ts'
import { shapeConstant } from './shape-constant.ts'
import type { StatedShapes } from './value-info.ts'

/** Nodes whose inputs are constants: computed at import, or constants whose numbers are the file's to know. */
export class ConstantNodes {
  readonly #to: Translation
  readonly #stated: StatedShapes
  readonly #folder: Folder

  constructor(to: Translation, stated: StatedShapes) {
    this.#to = to
    this.#stated = stated
    this.#folder = new Folder(to.budget)
  }

  /** Computes what a node of constants gives. @returns false where it is none such, or where that is not computed at import. */
  compute(node: FileNode, values: readonly (Value | undefined)[]): boolean {
    const results = shapeConstant(node, values[0]) ?? this.#fold(node, values)
    if (!results) return false
    node.outputs.forEach((name, i) => {
      const result = results[i]
      if (!result || name === '') return
      this.#stated.check(name, result.shape, node)
      this.#to.values.set(name, result)
    })
    return true
  }

  /**
   * A node of constants that neither import computes nor a layer does: its outputs are constants whose numbers are the file's
   * to know. @returns false where it is none such, or where a shape is not known.
   */
  unread(node: FileNode, values: readonly (Value | undefined)[]): boolean {
    if (values.some((value) => value?.kind === 'activation')) return false
    const inputs = values.filter((value) => value !== undefined) as Constant[]
    if (inputs.length === 0 || inputs.some((value) => value.kind !== 'constant' || value.wide) || isRead(node)) return false
    const shapes = opaqueShapes(node, inputs[0]!, values, this.#stated.shapeOf)
    if (!shapes) return false
    const sources = [...new Set(inputs.flatMap((input) => input.sources))]
    const absent = inputs.find((input) => input.absent)?.absent
    tellFates(this.#to.fates, node, inputs, 'computes with it')
    node.outputs.forEach((name, i) => {
      const element = this.#stated.elementOf(name) ?? (node.opType === 'DequantizeLinear' ? 'float' : inputs[0]!.element)
      const held = element === 'float' ? sources : []
      if (name !== '')
        this.#to.values.set(name, {
          kind: 'constant',
          name,
          shape: shapes[i]!,
          element,
          read: () => null,
          readBytes: 0,
          sources: held,
          wide: null,
          ...(absent ? { absent } : {}),
        })
    })
    return true
  }

  #fold(node: FileNode, values: readonly (Value | undefined)[]): Constant[] | null {
    const [x, like] = values
    // Of what it is cast like the type alone is read, and that is no matter of numbers.
    const to = node.opType === 'CastLike' && x?.kind === 'constant' && like?.kind === 'activation' && this.#to.types.codeOf(node.inputs[1]!)
    if (to) return this.#fold({ ...node, opType: 'Cast', inputs: node.inputs.slice(0, 1), attributes: [attribute('to', to)] }, [x])
    if (values.some((value) => value?.kind === 'activation')) return null
    const results = this.#folder.fold(node, values as (Constant | undefined)[])
    if (results) tellFates(this.#to.fates, node, values, 'computes with it at import')
    return results
  }
}

/** Notes what becomes of the tensors that a node reads. */
export function tellFates(fates: Fate, node: FileNode, values: readonly (Value | undefined)[], what: string): void {
  for (const value of values)
    if (value?.kind === 'constant')
      for (const { tensor } of value.sources) fates.set(tensor, `${node.opType} node ${quote(nodeName(node))} ${what}`)
}
