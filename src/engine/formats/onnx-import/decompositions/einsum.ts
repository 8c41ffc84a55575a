import type { Decomposition } from './decomposer.ts'

/**
 * Einsum of two operands as a product of matrices: dims of both that stay are stacks, those of both that go are summed
 * over, the others are rows and columns. Null where a label is repeated or summed over in one operand alone.
 */
export const einsum: Decomposition = (to) => {
  const equation = to.attributes.text('equation', '').replaceAll(' ', '')
  const [given, out] = equation.split('->') as [string, string?]
  const operands = given.split(',')
  if (out === undefined || operands.length !== 2 || /[^A-Za-z,>-]/.test(equation)) return null
  const [a, b] = operands as [string, string]
  if (
    [a, b, out].some((labels) => new Set(labels).size !== labels.length) ||
    ![...out].every((each) => a.includes(each) || b.includes(each))
  )
    return null
  const stack = [...a].filter((each) => b.includes(each) && out.includes(each))
  const summed = [...a].filter((each) => b.includes(each) && !out.includes(each))
  const rows = [...a].filter((each) => !b.includes(each))
  const columns = [...b].filter((each) => !a.includes(each))
  if (summed.length === 0 || [...rows, ...columns].some((each) => !out.includes(each))) return null
  // Several rows are dims of their own before the matrices, over which the second broadcasts; a stack comes between them and the last row.
  if (stack.length > 0 && (rows.length === 0 || (rows.length > 1 && to.values[1]?.kind !== 'constant'))) return null
  const before = stack.length > 0 ? rows.slice(0, -1) : []
  const leading = [...before, ...stack, ...rows.slice(before.length)]
  const sizes = new Map([a, b].flatMap((labels, i) => [...labels].map((each, dim) => [each, to.shape(i)[dim]!] as const)))
  const size = (labels: readonly string[]) => labels.reduce((product, each) => product * sizes.get(each)!, 1)
  const turned = (input: number, from: string, order: readonly string[], hint: string): string =>
    order.join('') === from
      ? to.node.inputs[input]!
      : to.step('Transpose', [to.node.inputs[input]!], hint, { perm: order.map((each) => from.indexOf(each)) })
  let left = turned(0, a, [...leading, ...summed], 'left')
  let right = turned(1, b, [...stack, ...summed, ...columns], 'right')
  const kept = leading.map(() => 0)
  if (summed.length > 1) left = to.step('Reshape', [left, to.integers('left/shape', [...kept, size(summed)])], 'left/joined')
  if (summed.length > 1 || columns.length !== 1) {
    if (to.values[1]?.kind !== 'constant' && (summed.length > 1 || stack.length > 0)) return null
    right = to.step('Reshape', [right, to.integers('right/shape', [...stack.map(() => 0), size(summed), size(columns)])], 'right/joined')
  }
  const made = [...leading, ...columns]
  const perm = [...out].map((each) => made.indexOf(each))
  const turns = perm.some((dim, i) => dim !== i)
  const splits = columns.length !== 1
  if (!turns && !splits) return to.last('MatMul', [left, right])
  let from = to.main('MatMul', [left, right], 'product')
  if (splits) {
    const shape = to.integers('split/shape', [...kept, ...columns.map((each) => sizes.get(each)!)])
    from = to.next('Reshape', [from, shape], turns ? 'split' : null)
  }
  return turns ? to.last('Transpose', [from], { perm }) : to
}
