import type { Budget } from '../budget.ts'
import type { Value } from '../constant.ts'
import { type FileNode, operatorOf } from '../model.ts'
import { worded } from '../node-fault.ts'
import { arithmetic } from './arithmetic.ts'
import { matMulNBits } from './block-quantized.ts'
import { contrib } from './contrib.ts'
import { cutting } from './cutting.ts'
import { type Decomposed, Decomposer, type Decomposition, type OfFile } from './decomposer.ts'
import { einsum } from './einsum.ts'
import { nchwc } from './nchwc.ts'
import { quantized } from './quantized.ts'
import { scatterNd } from './scatter-nd.ts'

/** Operators whose nodes are written as several where no op of the engine is the same. */
const decompositions: ReadonlyMap<string, Decomposition> = new Map(
  Object.entries({
    ...arithmetic,
    ...cutting,
    ...contrib,
    ...nchwc,
    ...quantized,
    Einsum: einsum,
    ScatterND: scatterNd,
    'com.microsoft.MatMulNBits': matMulNBits,
  }),
)

/**
 * What a node is written as instead, or null where it stays.
 * @throws EngineError INVALID_ONNX where its parts do not go together.
 */
export function decompose(node: FileNode, values: readonly (Value | undefined)[], budget: Budget, file: OfFile): Decomposed | null {
  const found = decompositions.get(operatorOf(node))
  if (!found) return null
  return worded(node, '', () => found(new Decomposer(node, values, budget, file)))
}

/** Names of the operators that may be written as others, for the docs. */
export const decomposedOperators = (): Iterable<string> => decompositions.keys()
