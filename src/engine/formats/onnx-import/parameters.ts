import type { Parameter } from '../../op.ts'
import { numel } from '../../shape.ts'
import type { FilledSlot } from './layer.ts'

/** The numbers of a parameter in the engine's layout, or null where the file does not hold them. */
export function fillSlot({ constant, transposed, factor }: FilledSlot, parameter: Parameter): Float32Array | null {
  if (constant.blank) return null
  const numbers = constant.read()
  if (!numbers || numbers.length !== numel(parameter.shape)) return null
  if (!transposed && factor === 1) return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers)
  const [rows, columns] = transposed ? [parameter.shape[0] as number, parameter.shape[1] as number] : [1, numbers.length]
  const filled = new Float32Array(numbers.length)
  let next = 0
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      filled[next++] = factor * (numbers[transposed ? column * rows + row : column] as number)
  return filled
}
