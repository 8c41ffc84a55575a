import type { Constant } from '../constant.ts'
import { TensorProto_DataType as T } from '../messages.ts'
import { numelOfDims } from '../shapes.ts'
import type { Decomposition } from './decomposer.ts'

/** What numbers of so many bits are stored as. */
const storedAs = { 2: T.UINT2, 4: T.UINT4, 8: T.UINT8 } as const

/**
 * `MatMulNBits` of `com.microsoft`: a matrix of `K` rows and `N` columns, kept as blocks of whole numbers of a few bits
 * along the rows, each block with a scale and perhaps a zero point. A product with the matrix that they stand for.
 */
export const matMulNBits: Decomposition = (to) => {
  const [x, , , , order = '', bias = ''] = to.node.inputs as string[]
  const [packed, scales, zeros] = to.values.slice(1)
  const { attributes } = to
  const [rows, columns, bits, block] = ['K', 'N', 'bits', 'block_size'].map((name) => attributes.int(name, name === 'bits' ? 4 : 0)) as [
    number,
    number,
    number,
    number,
  ]
  if (packed?.kind !== 'constant' || scales?.kind !== 'constant' || (zeros && zeros.kind !== 'constant') || order) return null
  if (![2, 4, 8].includes(bits) || rows < 1 || columns < 1 || block < 1) return null
  const blocks = Math.ceil(rows / block)
  const bytes = Math.ceil((block * bits) / 8)
  if (numelOfDims(packed.shape) !== columns * blocks * bytes || numelOfDims(scales.shape) !== columns * blocks)
    throw new Error(`its ${packed.shape.join('×')} bytes are no ${columns} columns of ${blocks} blocks of ${block} numbers of ${bits} bits`)
  const zeroBytes = Math.ceil((blocks * bits) / 8)
  const elements = rows * columns
  /** Number `i` of a row of packed ones. */
  const unpacked = (from: ArrayLike<number>, start: number, i: number): number => {
    const bit = i * bits
    return (from[start + (bit >> 3)]! >> (bit & 7)) & (2 ** bits - 1)
  }
  const read = (): Float32Array | null => {
    const [numbers, by, from] = [packed.read(), scales.read(), zeros?.read()]
    if (!numbers || !by || (zeros && !from)) return null
    const made = new Float32Array(elements)
    for (let column = 0; column < columns; column++)
      for (let row = 0; row < rows; row++) {
        const at = Math.floor(row / block)
        const zero = !from
          ? 2 ** (bits - 1)
          : zeros!.element === 'float'
            ? from[column * blocks + at]!
            : unpacked(from, column * zeroBytes, at)
        made[row * columns + column] = (unpacked(numbers, (column * blocks + at) * bytes, row % block) - zero) * by[column * blocks + at]!
      }
    return made
  }
  const readBytes = 4 * elements + packed.readBytes + scales.readBytes + (zeros?.readBytes ?? 0)
  const absent = packed.absent || scales.absent || zeros?.absent
  const weight: Constant = {
    kind: 'constant',
    name: '',
    shape: [rows, columns],
    element: 'float',
    read,
    readBytes,
    sources: [
      { tensor: packed.name, elements, initializer: true, quantized: true, dataType: storedAs[bits as 2 | 4 | 8], read, readBytes },
    ],
    wide: null,
    ...(absent ? { absent } : {}),
  }
  const matrix = to.constant('matrix', weight)
  if (!bias) return to.last('MatMul', [x!, matrix])
  return to.last('Add', [to.main('MatMul', [x!, matrix], 'product'), bias])
}
