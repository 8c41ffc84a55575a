import type { Graph } from '../graph.ts'
import { drawPicture, type PictureOptions } from './picture.ts'

/**
 * A text inside a quoted label of DOT, as it is: there a backslash begins an escape (`\N` is the node's name) and `&` an
 * HTML entity (Graphviz, "escString"). Control characters become spaces, since Graphviz has no way to write them.
 */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('&', '&amp;')
const label = (lines: readonly string[]): string => `label="${lines.map(escaped).join('\\n')}"`

const style = { input: ', shape=ellipse', layer: '', output: ', peripheries=2' } as const

/**
 * A graph as a picture in DOT, Graphviz's language: a box a layer, its outputs doubly framed, an arrow a tensor, labeled
 * by its number where a layer has several. @throws EngineError as `drawPicture` does.
 */
export function writeDot(graph: Graph, options: PictureOptions = {}): string {
  const { nodes, edges } = drawPicture(graph, options)
  return [
    'digraph architecture {',
    ...(options.title === undefined ? [] : [`  graph [${label([options.title])}, labelloc=t];`]),
    '  node [shape=box, fontname="sans-serif"];',
    ...nodes.map(({ key, kind, lines }) => `  ${key} [${label(lines)}${style[kind]}];`),
    ...edges.map(({ from, to, output }) => `  ${from} -> ${to}${output === null ? '' : ` [${label([`:${output}`])}]`};`),
    '}',
    '',
  ].join('\n')
}
