import { Attributes } from './attributes.ts'
import { type Constant, computed, shapeAt, type Value } from './constant.ts'
import type { FileNode } from './model.ts'
import { numelOfDims } from './shapes.ts'

/** What `Shape` and `Size` give: constants, whatever they look at. Null for another node. */
export function shapeConstant(node: FileNode, value: Value | undefined): Constant[] | null {
  if (node.domain !== '' || !value || (node.opType !== 'Shape' && node.opType !== 'Size')) return null
  const name = node.outputs[0] ?? ''
  const made = (wide: boolean): Constant => {
    const shape = shapeAt(value, wide)
    if (node.opType === 'Size') return computed(name, 'integer', [], [numelOfDims(shape)])
    const attributes = new Attributes(node)
    const part = shape.slice(attributes.int('start', 0), attributes.int('end', shape.length))
    return computed(name, 'integer', [part.length], part)
  }
  const [narrow, wide] = [made(false), made(true)]
  const differs = narrow.shape[0] !== wide.shape[0] || Array.from(narrow.read()!).some((size, i) => size !== wide.read()![i])
  return [differs ? { ...narrow, wide } : narrow]
}
