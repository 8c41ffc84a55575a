import type { Graph } from '../graph.ts'
import { drawPicture, type PictureOptions } from './picture.ts'

/**
 * A text inside a quoted label of Mermaid, as it is: quotes and markup are written as entities, `#quot;` and by number
 * (Mermaid, "Entity codes to escape characters"). A backtick would begin Markdown.
 */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .replace(/[#"&<>`\\;]/g, (character) => `#${character.charCodeAt(0)};`)

/** A text as a YAML string, which JSON's are; a `%%{…}%%` in it would be read as a directive, so percent signs go by number. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[%\u0085\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

const frame = { input: ['([', '])'], layer: ['[', ']'], output: ['[[', ']]'] } as const

/**
 * A graph as a flowchart of Mermaid, with the same picture as `writeDot`. Mermaid draws up to 500 arrows unless its
 * configuration says otherwise (`maxEdges`). @throws EngineError as `drawPicture` does.
 */
export function writeMermaid(graph: Graph, options: PictureOptions = {}): string {
  const { nodes, edges } = drawPicture(graph, options)
  return [
    ...(options.title === undefined ? [] : ['---', `title: ${quoted(options.title)}`, '---']),
    'flowchart TB',
    ...nodes.map(({ key, kind, lines }) => `  ${key}${frame[kind][0]}"${lines.map(escaped).join('<br/>')}"${frame[kind][1]}`),
    ...edges.map(({ from, to, output }) => `  ${from} -->${output === null ? '' : `|":${output}"|`} ${to}`),
    '',
  ].join('\n')
}
