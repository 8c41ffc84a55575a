import type { ELK, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Folded } from './fold.ts'

/** Px. */
export const [boxWidth, boxHeight] = [236, 46]

export interface Placed {
  width: number
  height: number
  /** Upper left corners, by the keys of the boxes. */
  boxes: ReadonlyMap<string, { x: number; y: number }>
  /** Corners of each arrow, in the order of the arrows. */
  arrows: { x: number; y: number }[][]
}

/** Places boxes in layers, top to bottom, by Sugiyama's method (Eclipse Layout Kernel). About 2 ms a box. */
export async function placeBoxes({ boxes, arrows }: Folded): Promise<Placed> {
  // 1.6 MB, for those that draw. Node hands over the CommonJS module, a bundler its default.
  const loaded = (await import('elkjs/lib/elk.bundled.js')).default as unknown as { new (): ELK; default?: new () => ELK }
  const elk = new (loaded.default ?? loaded)()
  const graph: ElkNode = {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.layered.spacing.nodeNodeBetweenLayers': '26',
      'elk.spacing.nodeNode': '22',
      'elk.layered.nodePlacement.strategy': boxes.length > 150 ? 'LINEAR_SEGMENTS' : 'BRANDES_KOEPF',
      'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
      'elk.edgeRouting': 'ORTHOGONAL',
    },
    children: boxes.map((_, index) => ({ id: `n${index}`, width: boxWidth, height: boxHeight })),
    edges: [],
  }
  const ids = new Map(boxes.map(({ key }, index) => [key, `n${index}`]))
  graph.edges = arrows.map(({ from, to }, index) => ({ id: `e${index}`, sources: [ids.get(from)!], targets: [ids.get(to)!] }))
  const { width = 0, height = 0, children = [], edges = [] } = await elk.layout(graph)
  return {
    width,
    height,
    boxes: new Map(children.map(({ x = 0, y = 0 }, index) => [boxes[index]!.key, { x, y }])),
    arrows: edges.map(({ sections = [] }) =>
      sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]),
    ),
  }
}
