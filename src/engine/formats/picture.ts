import { type CostOptions, computeCosts } from '../cost.ts'
import { type Graph, referencedId, referencedOutput } from '../graph.ts'

export interface PictureOptions extends Pick<CostOptions, 'batch' | 'resolution'> {
  /** Name of the network, any text. */
  title?: string
}

/** A graph as boxes and arrows, before any language draws it. */
export interface Picture {
  /** Keys (`n0`, `n1`, …) are words in every language, whatever the ids are. Inputs first, then layers in graph order. */
  nodes: { key: string; kind: 'input' | 'layer' | 'output'; lines: string[] }[]
  /** One for each input of each layer. `output` says which of several outputs it carries. */
  edges: { from: string; to: string; output: number | null }[]
}

const grouped = new Intl.NumberFormat('en-US')
const quantity = (value: number, word: string): string[] => (value === 0 ? [] : [`${grouped.format(value)} ${word}`])

/**
 * Each input and layer with id, op, output shape (one image), parameters and multiply-adds (of the batch). Linear in
 * layers and edges. @throws EngineError as `computeCosts` does.
 */
export function drawPicture(graph: Graph, options: PictureOptions): Picture {
  const costs = computeCosts(graph, options)
  const keys = new Map<string, string>()
  const nodes: Picture['nodes'] = []
  const add = (id: string, kind: Picture['nodes'][number]['kind'], lines: string[]) => {
    const key = `n${nodes.length}`
    keys.set(id, key)
    nodes.push({ key, kind, lines: [id, ...lines] })
    return key
  }
  for (const { id, shape } of costs.inputs) add(id, 'input', ['Input', shape.join('×')])
  const isOutput = new Set(graph.outputs.map(referencedId))
  const several = new Set(costs.layers.filter(({ outputShapes }) => outputShapes).map(({ id }) => id))
  const edges: Picture['edges'] = []
  for (const { id, type, inputs, outputShape, outputShapes, params, macs } of costs.layers) {
    const shapes = (outputShapes ?? [outputShape]).map((shape) => shape.join('×')).join(', ')
    const sizes = [...quantity(params, 'params'), ...quantity(macs, 'MACs')].join(', ')
    const to = add(id, isOutput.has(id) ? 'output' : 'layer', [type, shapes, ...(sizes ? [sizes] : [])])
    for (const input of inputs) {
      const source = referencedId(input)
      edges.push({ from: keys.get(source) as string, to, output: several.has(source) ? referencedOutput(input) : null })
    }
  }
  return { nodes, edges }
}
