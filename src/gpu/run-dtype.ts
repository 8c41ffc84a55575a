import { type CostDtype, dtypeBits } from '../engine/dtypes.ts'
import type { Graph } from '../engine/graph.ts'
import { defaultDtype } from '../engine/widths.ts'
import type { ArithmeticType, Precision } from './contract.ts'

/**
 * How the tensors of a run are measured: ONNX Runtime runs a user's file as it is, so each is of its own type there. Whatever else is
 * run is made in the run's precision.
 * @param ownFile whether the weights are the file's.
 */
export const runDtype = (
  graph: Graph,
  { runtime, precision, ownFile }: { runtime: string; precision: Precision; ownFile: boolean },
): CostDtype => (ownFile && runtime === 'onnxruntime' && defaultDtype(graph) === 'file' ? 'file' : precision)

/** The narrowest type that multiply-adds of such a run are in, which a device's peak is asked for: no other is faster. */
export function narrowest(graph: Graph, dtype: CostDtype): ArithmeticType {
  if (dtype !== 'file') return dtype
  const bits = Math.min(32, ...graph.layers.flatMap(({ dtypes }) => (dtypes?.macs ? [dtypeBits[dtypes.macs]] : [])))
  return bits <= 8 ? 'int8' : bits <= 16 ? 'float16' : 'float32'
}
