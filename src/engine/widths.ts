import { bytesOfElements, type CostDtype, type FileDtype } from './dtypes.ts'
import { type Graph, type Layer, referencedId } from './graph.ts'
import type { InferredLayer } from './infer.ts'
import type { AnyOp } from './op.ts'
import { opOf } from './ops/index.ts'

/** What the tensors of a graph take in memory. */
export interface Widths {
  /** Bytes of so many elements of a network input or of a layer's output, by its reference; 0 where it is never in memory. */
  outputBytes(reference: string, elements: number): number
  parameterBytes(layer: Layer, name: string, elements: number): number
  /** Whether the output of a layer is its input's buffer. */
  isView(layer: Pick<InferredLayer, 'layer' | 'op'>): boolean
}

/** Whether a graph came with types of its own. */
const statesTypes = ({ inputs, layers }: Graph): boolean =>
  inputs.some(({ dtype }) => dtype !== undefined) || layers.some(({ dtypes }) => dtypes !== undefined)

/** How tensors are measured where nobody says: by their own types where any of the graphs has such. */
export const defaultDtype = (...graphs: readonly Graph[]): CostDtype => (graphs.some(statesTypes) ? 'file' : 'float32')

/** One type for all tensors, or the file's own. */
export function widthsOf(graph: Graph, dtype: CostDtype): Widths {
  if (dtype !== 'file')
    return {
      outputBytes: (_reference, elements) => bytesOfElements(elements, dtype),
      parameterBytes: (_layer, _name, elements) => bytesOfElements(elements, dtype),
      isView: ({ op }) => op.view === true,
    }
  const isView = (layer: Layer, op: AnyOp): boolean => op.view === true || (layer.dtypes?.output === 'view' && layer.inputs.length > 0)
  /** By the id of a network input or a layer; null where nothing is in memory. In graph order, inputs of layers first. */
  const types = new Map<string, FileDtype | null>(graph.inputs.map(({ id, dtype: own = 'float32' }) => [id, own]))
  for (const layer of graph.layers) {
    const output = layer.dtypes?.output ?? 'float32'
    types.set(
      layer.id,
      isView(layer, opOf(layer.type))
        ? (types.get(referencedId(layer.inputs[0] as string)) as FileDtype | null)
        : output === 'fused' || output === 'view'
          ? null
          : output,
    )
  }
  return {
    outputBytes(name, elements) {
      const type = types.get(referencedId(name))
      return type === null || type === undefined ? 0 : bytesOfElements(elements, type)
    },
    parameterBytes: ({ dtypes }, name, elements) => bytesOfElements(elements, dtypes?.params?.[name] ?? 'float32'),
    isView: ({ layer, op }) => isView(layer, op),
  }
}
