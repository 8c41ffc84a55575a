import type { Command } from 'commander'
import { type Costs, computeCosts } from '../../engine/cost.ts'
import { groupTable, layerTable, type Table } from '../../engine/formats/cost-tables.ts'
import { type Ranking, rankCosts, shareOf } from '../../engine/rank-costs.ts'
import { load, type Network } from '../load.ts'
import { type Counting, costOptions, type Ranked, rankOptions, sizesOf, withCounting, withFormat, withRanking } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { showBytes, showCount, showExact, showPart } from '../quantity.ts'

type Options = Counting & Ranked & { format: OutputFormat }

/** `archmeter cost`: what a network costs, layer by layer or in groups. */
export function addCost(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('cost').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('what a network costs')
    .description('What a network costs: parameters, multiply-adds, flops, memory; by layer, op, stage or block.')
  withFormat(withRanking(withCounting(command), 'layer'))
    .addHelpText(
      'after',
      `
Examples:
  archmeter cost resnet50                                    layer by layer
  archmeter cost model.onnx --by stage                       by resolution
  archmeter cost model.onnx --sort macs --top 5              the five dearest layers
  archmeter cost keras.json --convention fvcore -f csv       exact, for a spreadsheet
  archmeter cost mobilenet_v2 --resolution 160 --batch 32 -f json | jq .totals`,
    )
    .action(async (model: string, options: Options) => {
      const network = await load(model, sizesOf(options))
      const costs = computeCosts(network.graph, costOptions(options))
      const ranked = options.by !== 'layer' || options.sort !== undefined || options.top !== undefined
      const ranking = rankCosts(costs, rankOptions(options, command))
      report(costReport(network, costs, ranking, ranked), options.format)
    })
}

function costReport({ name }: Network, costs: Costs, ranking: Ranking, ranked: boolean): Report {
  const { uncounted } = costs
  return {
    json: ranked ? { name, ...costs, layers: [], ranking } : { name, ...costs },
    csv: ranked ? groupTable(ranking, costs) : layerTable(costs),
    sections: [
      {
        title: `${name}: ${inputsOf(costs)}, batch ${costs.batch}, ${costs.dtype}, convention ${costs.convention}`,
        table: totalsTable(costs),
      },
      { table: rankingTable(ranking, costs) },
      ...(uncounted.length > 0
        ? [{ title: 'Not counted', notes: uncounted.slice(0, 10).map(({ id, type, reason }) => `${id} (${type}): ${reason}`) }]
        : []),
    ],
  }
}

/** The inputs of a network in words. */
export const inputsOf = ({ inputs }: Pick<Costs, 'inputs'>): string => inputs.map(({ shape }) => shape.join('×')).join(', ')

function totalsTable({ totals, training }: Costs): Table {
  const counts: [string, number][] = [
    ['layers', totals.layers],
    ['params', totals.params],
    ['macs', totals.macs],
    ['flops', totals.flops],
  ]
  const bytes: [string, number][] = [
    ['weights', totals.weightBytes],
    ['activations, all', totals.memoryKiB * 1024],
    ['activations, peak', totals.peakActivationBytes],
    ['training (Adam)', training.totalBytes],
  ]
  return {
    columns: ['total', '', 'exact'],
    rows: [
      ...counts.map(([name, value]) => [
        name + (totals.partial && /macs|flops/.test(name) ? ' (partial)' : ''),
        showCount(value),
        showExact(value),
      ]),
      ...bytes.map(([name, value]) => [name, showBytes(value), showExact(value)]),
    ],
  }
}

/** Groups for people: figures and their shares; by layer also what the layer is. */
export function rankingTable(ranking: Ranking, costs: Costs): Table {
  const byLayer = ranking.groupBy === 'layer'
  const layers = new Map(costs.layers.map((layer) => [layer.id, layer]))
  const { sort } = ranking
  const columns = ['params', 'macs', 'flops', 'memoryKiB'] as const
  const figures = (of: Record<(typeof columns)[number], number>) =>
    columns.flatMap((column) => [
      column === 'memoryKiB' ? showBytes(of[column] * 1024) : showCount(of[column]),
      showPart(shareOf(costs.totals, column, of[column])),
    ])
  const rows = ranking.groups.map((group) => {
    const layer = byLayer ? layers.get(group.key) : undefined
    const what = layer ? [layer.type, layer.outputShape.join('×')] : [group.layers]
    return [group.key, ...what, ...figures(group), ...(sort ? [showPart(group.cumulative[sort])] : [])]
  })
  if (ranking.rest)
    rows.push(['(rest)', ...(byLayer ? ['', ''] : [ranking.rest.layers]), ...figures(ranking.rest), ...(sort ? [showPart(1)] : [])])
  return {
    columns: [
      ranking.groupBy,
      ...(byLayer ? ['op', 'output'] : ['layers']),
      ...['params', '%', 'macs', '%', 'flops', '%', 'memory', '%'],
      ...(sort ? [`Σ ${sort}`] : []),
    ],
    rows,
  }
}
