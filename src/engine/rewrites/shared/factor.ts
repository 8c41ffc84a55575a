import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** Multiplications that factoring may take: more than some seconds otherwise. A matrix of 1000 × 2048 is within it. */
export const mostWork = 2.2e9

/** Whether a matrix is small enough to be factored. */
export const isFactorable = (rows: number, columns: number): boolean => Math.min(rows, columns) ** 2 * Math.max(rows, columns) <= mostWork

export interface Factors {
  /** rank × columns, row-major. */
  right: Float32Array
  /** rows × rank, row-major. */
  left: Float32Array
  /** ‖A − left·right‖ / ‖A‖, Frobenius. */
  relativeError: number
}

/**
 * The best approximation of a matrix by one of a rank, its truncated singular value decomposition (Eckart and Young, 1936), as two
 * factors. Singular vectors are the eigenvectors of the smaller Gram matrix, in double precision, whose eigenvalues are the squares of the
 * singular values: values below 10⁻⁸ of the largest are lost in rounding, which float32 could not hold beside it either.
 * @param matrix rows × columns, row-major.
 */
export function factor(matrix: Float32Array, rows: number, columns: number, rank: number): Factors {
  const byRow = rows <= columns
  const [small, large] = byRow ? [rows, columns] : [columns, rows]
  // Rows of the smaller side, so that each product runs along memory.
  const lines = Array.from({ length: small }, (_, i) =>
    byRow
      ? Float64Array.from(matrix.subarray(i * columns, (i + 1) * columns))
      : Float64Array.from({ length: large }, (_each, j) => matrix[j * columns + i]!),
  )
  const gram = Matrix.zeros(small, small)
  for (let i = 0; i < small; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [lines[i]!, lines[j]!]
      let dot = 0
      for (let k = 0; k < large; k++) dot += a[k]! * b[k]!
      gram.set(i, j, dot)
      gram.set(j, i, dot)
    }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true })
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
  const kept = order.slice(0, rank)
  // Vectors of the smaller side, and what the matrix makes of them.
  const vectors = kept.map((each) => Float64Array.from({ length: small }, (_, i) => eigenvectorMatrix.get(i, each)))
  const images = vectors.map((vector) => {
    const image = new Float64Array(large)
    for (let i = 0; i < small; i++) for (let k = 0; k < large; k++) image[k]! += vector[i]! * lines[i]![k]!
    return image
  })
  const inRows = (list: readonly Float64Array[], length: number): Float32Array => {
    const flat = new Float32Array(rank * length)
    for (const [i, line] of list.entries()) flat.set(line, i * length)
    return flat
  }
  const inColumns = (list: readonly Float64Array[], length: number): Float32Array =>
    Float32Array.from({ length: rank * length }, (_, at) => list[at % rank]![Math.floor(at / rank)]!)
  const total = realEigenvalues.reduce((sum, value) => sum + Math.max(0, value), 0)
  const lost = order.slice(rank).reduce((sum, each) => sum + Math.max(0, realEigenvalues[each]!), 0)
  return {
    ...(byRow
      ? { left: inColumns(vectors, rows), right: inRows(images, columns) }
      : { left: inColumns(images, rows), right: inRows(vectors, columns) }),
    relativeError: total === 0 ? 0 : Math.sqrt(lost / total),
  }
}
