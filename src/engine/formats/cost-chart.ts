import { type CostOptions, computeCosts } from '../cost.ts'
import type { Graph } from '../graph.ts'
import { showBytes, showCount } from '../quantity.ts'
import { type Additive, type RankOptions, rankCosts, shareOf, sumsOf } from '../rank-costs.ts'
import { escapeXml } from './xml.ts'

export interface ChartOptions extends CostOptions, RankOptions {
  /** Name of the network, any text. */
  title?: string
}

/** The three columns of a lecture's table, and the color of each. */
const panels: readonly { column: Additive; head: (total: string) => string; color: string }[] = [
  { column: 'memoryKiB', head: (total) => `memory: ${total}`, color: '#4e79a7' },
  { column: 'params', head: (total) => `params: ${total}`, color: '#f28e2b' },
  { column: 'flops', head: (total) => `flops: ${total}`, color: '#59a14f' },
]

/** Sizes in px. */
const [rowHeight, labelWidth, panelWidth, gap, top] = [18, 260, 220, 24, 64]
/** Characters of a label that fit. */
const longest = 42

const exact = new Intl.NumberFormat('en-US')
const show = (column: Additive, value: number): string => (column === 'memoryKiB' ? showBytes(1024 * value) : showCount(value))

const shorten = (text: string): string => {
  const characters = Array.from(text)
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`
}

/**
 * Costs as horizontal bars, SVG 1.1 on its own: a row a layer or group, and beside each other memory, parameters and flops,
 * each scaled to its largest row. Pointing at a bar shows the exact figure and its share. Linear in layers.
 * @throws EngineError as `computeCosts` does.
 */
export function writeCostChart(graph: Graph, options: ChartOptions = {}): string {
  const costs = computeCosts(graph, options)
  const { groups, rest, groupBy } = rankCosts(costs, options)
  const rows = groups.map((group) => ({ key: group.key, sums: group as Record<Additive, number>, share: group.share }))
  if (rest) {
    const share = sumsOf((column) => shareOf(costs.totals, column, rest[column]))
    rows.push({ key: `(rest: ${rest.groups})`, sums: rest, share })
  }
  const width = labelWidth + panels.length * (panelWidth + gap) + gap
  const height = top + rows.length * rowHeight + gap
  const { convention, batch, dtype, totals, inputs } = costs
  const shapes = inputs.map(({ shape }) => shape.join('×')).join(', ')
  const partial = totals.partial ? '; not every layer could be counted' : ''
  const under = `${shapes}; batch ${batch}, ${dtype}, convention ${convention}; by ${groupBy}${partial}`
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="11">`,
    `<title>${escapeXml(`Costs of ${options.title ?? 'a network'}: ${under}`)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${gap / 2}" y="20" font-size="15" font-weight="bold">${escapeXml(shorten(options.title ?? 'network'))}</text>`,
    `<text x="${gap / 2}" y="37" fill="#555555">${escapeXml(under)}</text>`,
  ]
  panels.forEach(({ column, head, color }, i) => {
    const left = labelWidth + i * (panelWidth + gap)
    const largest = rows.reduce((most, { sums }) => Math.max(most, sums[column]), 0)
    lines.push(`<g class="${column}" fill="${color}">`)
    lines.push(`<text x="${left}" y="${top - 8}" font-weight="bold">${head(show(column, totals[column]))}</text>`)
    rows.forEach(({ key, sums, share }, row) => {
      const value = sums[column]
      if (value === 0) return
      // Room is left for the figure behind the longest bar.
      const length = ((panelWidth - 60) * value) / largest
      const y = top + row * rowHeight
      lines.push(
        `<rect x="${left}" y="${y + 3}" width="${length.toFixed(2)}" height="${rowHeight - 6}"><title>${escapeXml(key)}: ${exact.format(value)}${column === 'memoryKiB' ? ' KiB' : ''}, ${(100 * share[column]).toFixed(2)} %</title></rect>`,
        `<text x="${(left + length + 4).toFixed(2)}" y="${y + 13}" fill="#333333">${show(column, value)}</text>`,
      )
    })
    lines.push('</g>')
  })
  lines.push('<g class="labels" text-anchor="end" fill="#000000">')
  rows.forEach(
    ({ key }, row) => void lines.push(`<text x="${labelWidth - 8}" y="${top + row * rowHeight + 13}">${escapeXml(shorten(key))}</text>`),
  )
  lines.push('</g>', '</svg>', '')
  return lines.join('\n')
}
