import { type CostOptions, type Costs, computeCosts } from '../../cost.ts'
import { type Graph, referencedId } from '../../graph.ts'
import { escapeXml } from '../xml.ts'
import { type Box, foldNetwork } from './fold.ts'
import { boxHeight, boxWidth, type Placed, placeBoxes } from './layout.ts'
import { type Coloring, type LayerTime, type Measure, measureOf } from './measures.ts'
import { levels, styleOf } from './theme.ts'

export { type Coloring, colorings, type LayerTime } from './measures.ts'

export interface DrawingOptions extends CostOptions {
  /** Name of the network, any text. */
  title?: string
  /** Default `macs`. */
  colorBy?: Coloring
  /** Leading parts of a name that make a block (`foldNetwork`). */
  depth?: number
  /** Of `ms`, and whose they are. */
  times?: { rows: readonly LayerTime[]; of: string }
}

/** Px: around the drawing, and above it for title and legend. */
const [margin, head, narrowest] = [24, 112, 620]
const [swatch, characters] = [26, 36]

const shorten = (text: string): string => {
  const all = Array.from(text)
  if (all.length <= characters) return text
  const half = Math.floor((characters - 1) / 2)
  return `${all.slice(0, half).join('')}…${all.slice(-half).join('')}`
}
const percent = (part: number): string => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`
const exact = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 })

/**
 * A network as a graph, SVG 1.1 on its own: blocks folded, each box colored by its share of the largest, with a legend, a title
 * and a text for those who do not see it. It follows the reader's light or dark setting. Pointing at a box shows exact figures.
 * @throws EngineError as `computeCosts` does; LIMIT_EXCEEDED where `depth` asks for too many boxes.
 */
export async function drawNetwork(
  graph: Graph,
  { title = 'network', colorBy = 'macs', depth, times, ...options }: DrawingOptions = {},
): Promise<string> {
  const costs = computeCosts(graph, options)
  const folded = foldNetwork(costs, depth)
  const measure = measureOf(colorBy, costs, times?.rows)
  const values = new Map(folded.boxes.map((box) => [box.key, box.layers.reduce((sum, layer) => sum + measure.of(layer), 0)]))
  const total = [...values.values()].reduce((sum, value) => sum + value, 0)
  const most = Math.max(0, ...values.values())
  const placed = await placeBoxes(folded)
  const width = Math.max(narrowest, Math.ceil(placed.width) + 2 * margin)
  const left = (width - placed.width) / 2
  const height = head + Math.ceil(placed.height) + margin
  const shapes = shapesOf(costs)
  const under = `${costs.inputs.map(({ shape }) => shape.join('×')).join(', ')}; batch ${costs.batch}, ${costs.dtype}; ${costs.layers.length} layers in ${folded.boxes.length} boxes`
  const context: Context = { costs, measure, values, total, most, outputs: new Set(graph.outputs.map(referencedId)), shapes }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title text" font-family="Helvetica, Arial, sans-serif" font-size="11">`,
    `<title id="title">${escapeXml(`Graph of ${title}, colored by ${measure.words}`)}</title>`,
    `<desc id="text">${escapeXml(textOf(title, under, folded.boxes, context))}</desc>`,
    `<style>${styleOf(measure.color)}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="quiet" d="M0 0L8 4L0 8z"/></marker></defs>',
    '<rect class="paper" width="100%" height="100%"/>',
    `<text class="ink" x="${margin}" y="30" font-size="16" font-weight="bold">${escapeXml(shortenTitle(title, width))}</text>`,
    `<text class="quiet" x="${margin}" y="48">${escapeXml(under)}</text>`,
    ...legend(context, times?.of),
    `<g class="line" transform="translate(${left.toFixed(1)} ${head})" fill="none" stroke-width="1.2">`,
    ...arrowsOf(folded.arrows, placed, shapes),
    '</g>',
    `<g transform="translate(${left.toFixed(1)} ${head})">`,
    ...folded.boxes.map((box) => drawBox(box, placed.boxes.get(box.key)!, context)),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

interface Context {
  costs: Costs
  measure: Measure
  /** Of each box by its key, their sum, and the largest. */
  values: ReadonlyMap<string, number>
  total: number
  most: number
  /** Ids of layers that the network gives out. */
  outputs: ReadonlySet<string>
  shapes: ReadonlyMap<string, string>
}

/** A bold letter of the title takes 9 px. */
const shortenTitle = (title: string, width: number): string => {
  const room = Math.floor((width - 2 * margin) / 9)
  const all = Array.from(title)
  return all.length <= room ? title : `${all.slice(0, room - 1).join('')}…`
}

/** Shapes of tensors by the references to them. */
function shapesOf({ inputs, layers }: Costs): Map<string, string> {
  const shapes = new Map(inputs.map(({ id, shape }) => [id, shape.join('×')]))
  for (const { id, outputShape, outputShapes } of layers)
    for (const [i, shape] of (outputShapes ?? [outputShape]).entries()) shapes.set(i === 0 ? id : `${id}:${i}`, shape.join('×'))
  return shapes
}

/** The level of a value: 0 is nothing, and the least that is something is 1. */
const levelOf = (value: number, most: number): number => (value <= 0 || most <= 0 ? 0 : Math.max(1, Math.ceil((levels * value) / most)))

function textOf(title: string, under: string, boxes: readonly Box[], { values, total, most, measure }: Context): string {
  const largest = boxes
    .filter(({ key }) => values.get(key)! > 0)
    .sort((a, b) => values.get(b.key)! - values.get(a.key)!)
    .slice(0, 3)
    .map(({ key, label }) => `${label} with ${measure.show(values.get(key)!)} (${percent(values.get(key)! / total)})`)
  return `${title}: ${under}. Boxes from the input at the top to the output at the bottom; the darker, the more ${measure.words}. ${most > 0 ? `The most have ${largest.join(', ')}.` : `None has any ${measure.words}.`}`
}

function legend({ measure, most, total, values }: Context, of: string | undefined): string[] {
  const y = 66
  const sum = `${measure.words}${of === undefined ? '' : ` of ${of}`}, ${measure.show(total)} in all, box by box:`
  const start = margin + Array.from(sum).length * 5.8 + 12
  const none = [...values.values()].every((value) => value === 0)
  return [
    '<g class="legend">',
    `<text class="ink" x="${margin}" y="${y + 10}">${escapeXml(sum)}</text>`,
    ...Array.from(
      { length: none ? 1 : levels + 1 },
      (_, level) =>
        `<rect class="l${level} line" x="${(start + level * swatch).toFixed(1)}" y="${y}" width="${swatch}" height="12" stroke-width="0.5"/>`,
    ),
    `<text class="quiet" x="${start.toFixed(1)}" y="${y + 26}">0</text>`,
    ...(none
      ? []
      : [
          `<text class="quiet" x="${(start + (levels + 1) * swatch).toFixed(1)}" y="${y + 26}" text-anchor="end">${escapeXml(measure.show(most))}</text>`,
        ]),
    '</g>',
  ]
}

function arrowsOf(
  arrows: readonly { from: string; to: string; tensor: string; tensors: number }[],
  placed: Placed,
  shapes: ReadonlyMap<string, string>,
): string[] {
  return arrows.map(({ tensor, tensors }, index) => {
    const points = placed.arrows[index]!.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
    const more = tensors > 1 ? `, and ${tensors - 1} more` : ''
    return `<polyline points="${points}" marker-end="url(#tip)"><title>${escapeXml(`${tensor}: ${shapes.get(tensor) ?? ''}${more}`)}</title></polyline>`
  })
}

function drawBox(box: Box, { x, y }: { x: number; y: number }, { measure, values, total, most, outputs, shapes }: Context): string {
  const { key, label, layers } = box
  const value = values.get(key)!
  const [only, ...others] = layers
  const last = layers.at(-1)
  const shape = last ? shapes.get(last.id)! : shapes.get(label)!
  const what = last === undefined ? 'Input' : others.length === 0 ? only!.type : `${layers.length} layers`
  const note = measure.note(box)
  const second = [what, shape, ...(value > 0 ? [measure.show(value)] : note ? [note] : [])].join(' · ')
  const figures = [
    `${exact.format(value)} ${measure.unit}${measure.words}`,
    ...(total > 0 ? [percent(value / total)] : []),
    ...(note ? [note] : []),
  ].join(', ')
  const radius = last === undefined ? boxHeight / 2 : others.length === 0 ? 5 : 11
  const frame = (inset: number, style: string) =>
    `<rect class="${style}" x="${inset}" y="${inset}" width="${boxWidth - 2 * inset}" height="${boxHeight - 2 * inset}" rx="${Math.max(2, radius - inset)}" stroke-width="${others.length > 0 ? 2 : 1}"/>`
  const center = boxWidth / 2
  return [
    `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"><title>${escapeXml(`${label}: ${what}, ${shape}; ${figures}`)}</title>`,
    frame(0, `l${levelOf(value, most)} line`),
    ...(layers.some(({ id }) => outputs.has(id)) ? [`<g fill="none">${frame(3, 'line')}</g>`] : []),
    `<text class="ink" x="${center}" y="19" text-anchor="middle" font-size="12" font-weight="bold">${escapeXml(shorten(label))}</text>`,
    `<text class="ink" x="${center}" y="35" text-anchor="middle">${escapeXml(shorten(second))}</text>`,
    '</g>',
  ].join('')
}
