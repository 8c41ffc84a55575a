import ELK, { type ElkNode } from 'elkjs/lib/elk.bundled.js'
import type { Block } from './tree.ts'

export const boxWidth = 236
export const boxHeight = 46

export interface Placed {
  width: number
  height: number
  boxes: Map<string, { x: number; y: number }>
  arrows: { key: string; points: { x: number; y: number }[] }[]
}

const elk = new ELK()

/** A chain of so many is broken into columns side by side; one of more takes too long that way. */
const wrapped = { least: 10, most: 150 }

/**
 * Places blocks in layers, top to bottom, by Sugiyama's method (Eclipse Layout Kernel); long ones in columns, so that they fill an
 * area `aspect` times as wide as high.
 */
export async function layout(blocks: Block[], edges: [string, string][], aspect: number): Promise<Placed> {
  const graph: ElkNode = {
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.layered.spacing.nodeNodeBetweenLayers': '26',
      'elk.spacing.nodeNode': '22',
      'elk.layered.nodePlacement.strategy': blocks.length > 150 ? 'LINEAR_SEGMENTS' : 'BRANDES_KOEPF',
      'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
      'elk.edgeRouting': 'ORTHOGONAL',
      ...(blocks.length >= wrapped.least && blocks.length <= wrapped.most
        ? { 'elk.layered.wrapping.strategy': 'MULTI_EDGE', 'elk.aspectRatio': String(aspect) }
        : {}),
    },
    children: blocks.map(({ key }) => ({ id: key, width: boxWidth, height: boxHeight })),
    edges: edges.map(([from, to], index) => ({ id: String(index), sources: [from], targets: [to] })),
  }
  const result = await elk.layout(graph)
  return {
    width: result.width ?? 0,
    height: result.height ?? 0,
    boxes: new Map(result.children?.map(({ id, x = 0, y = 0 }) => [id, { x, y }])),
    arrows: (result.edges ?? []).flatMap(({ id, sections }) =>
      (sections ?? []).map(({ startPoint, bendPoints = [], endPoint }) => ({ key: id, points: [startPoint, ...bendPoints, endPoint] })),
    ),
  }
}
