import type { Command } from 'commander'
import { type CostComparison, compareCosts, comparedFigures, type PairCost } from '../../engine/compare-costs.ts'
import type { Table } from '../../engine/formats/cost-tables.ts'
import type { Additive } from '../../engine/rank-costs.ts'
import { loadAll } from '../load.ts'
import { type Counting, costOptions, type Ranked, rankOptions, sizesOf, withCounting, withFormat, withRanking } from '../options.ts'
import type { OutputFormat, Report, Section } from '../output.ts'
import { showBytes, showCount, showPart, showRatio } from '../quantity.ts'
import { inputsOf } from './cost.ts'

type Options = Counting & Ranked & { format: OutputFormat }

/** `archmeter compare`: networks side by side, and of two what changed. */
export function addCompare(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program
    .command('compare')
    .argument('<models...>', 'files or presets of the zoo; the first is what the others are held to')
  command
    .summary('networks side by side')
    .description(
      'Networks side by side: totals, ratios to the first, shares by group, and of two networks which layers differ and what each costs.',
    )
  withFormat(withRanking(withCounting(command), 'stage'))
    .addHelpText(
      'after',
      `
Examples:
  archmeter compare alexnet_lecture vgg16_lecture
  archmeter compare resnet50 mobilenet_v2 shufflenet_v2_x1_0 --by op --sort macs
  archmeter compare main.onnx change.onnx -f md              for a pull request
  archmeter compare main.onnx change.onnx -f json | jq .diff`,
    )
    .action(async (models: string[], options: Options) => {
      const networks = await loadAll(models, sizesOf(options))
      report(compareReport(compareCosts(networks, { ...costOptions(options), ...rankOptions(options, command) })), options.format)
    })
}

const words: Partial<Record<(typeof comparedFigures)[number], string>> = {
  memoryKiB: 'activations, all',
  multiplyingMemoryKiB: 'activations of layers that multiply',
  bytesRead: 'bytes read',
  bytesWritten: 'bytes written',
  outputElements: 'output elements',
  weightBytes: 'weights',
  peakActivationBytes: 'activations, peak',
  trainingBytes: 'training (Adam)',
}
const show = (figure: string, value: number): string =>
  figure.endsWith('KiB') ? showBytes(value * 1024) : /[bB]ytes/.test(figure) ? showBytes(value) : showCount(value)

function compareReport(comparison: CostComparison): Report {
  const { networks, convention, batch, dtype, diff, noDiff } = comparison
  const figures: Table = {
    columns: ['', ...networks.flatMap(({ name }, i) => (i === 0 ? [name] : [name, 'ratio']))],
    rows: comparedFigures.map((figure) => [
      words[figure] ?? figure,
      ...networks.flatMap(({ totals, ratios }, i) => [show(figure, totals[figure]), ...(i === 0 ? [] : [showRatio(ratios[figure])])]),
    ]),
  }
  const partial = networks.filter((each) => each.partial).map(({ name }) => name)
  return {
    json: comparison,
    csv: {
      columns: [
        'name',
        ...comparedFigures,
        ...comparedFigures.map((figure) => `${figure}Ratio`),
        'partial',
        'convention',
        'batch',
        'dtype',
      ],
      rows: networks.map(({ name, totals, ratios, partial: part }) => [
        name,
        ...comparedFigures.map((figure) => totals[figure]),
        ...comparedFigures.map((figure) => ratios[figure] ?? ''),
        ...[String(part), convention, batch, dtype],
      ]),
    },
    sections: [
      {
        title: `${networks.map((each) => `${each.name} (${inputsOf(each)})`).join(' | ')}; batch ${batch}, ${dtype}, convention ${convention}`,
        table: figures,
        ...(partial.length > 0
          ? { notes: [`Not all layers of ${partial.join(' and ')} could be counted: macs and flops are of the rest.`] }
          : {}),
      },
      ...networks.map(
        ({ name, ranking }): Section => ({
          title: `${name} by ${ranking.groupBy}`,
          table: {
            columns: [ranking.groupBy, 'layers', 'params', 'macs', 'flops', 'memory'],
            rows: [
              ...ranking.groups.map(({ key, layers, share }) => [
                key,
                layers,
                ...(['params', 'macs', 'flops', 'memoryKiB'] as const).map((each) => showPart(share[each])),
              ]),
              ...(ranking.rest ? [['(rest)', ranking.rest.layers, '', '', '', '']] : []),
            ],
          },
        }),
      ),
      ...(diff
        ? [
            {
              title: `Layers: ${diff.same} the same, ${diff.changed} changed, ${diff.added} added, ${diff.removed} removed`,
              ...(diff.layers.length > 0 ? { table: diffTable(diff.layers) } : {}),
              notes: [diff.rule],
            },
          ]
        : []),
      ...(noDiff === null ? [] : [{ notes: [noDiff] }]),
    ],
  }
}

const signs = { added: '+', removed: '-', changed: '~', same: '' } as const

/** What changed between two networks, a row a layer. */
export function diffTable(layers: readonly PairCost[]): Table {
  const signed = (difference: Record<Additive, number>) =>
    (['params', 'macs', 'memoryKiB'] as const).map((column) => {
      const value = difference[column]
      const text = column === 'memoryKiB' ? showBytes(value * 1024) : showCount(value)
      return value > 0 ? `+${text}` : value === 0 ? '' : text
    })
  return {
    columns: ['', 'layer', 'op', 'params', 'macs', 'memory', 'what changed'],
    rows: layers.map(({ status, from, to, type, changes, difference }) => [
      signs[status],
      from !== null && to !== null && from !== to ? `${from} → ${to}` : (to ?? from)!,
      type,
      ...signed(difference),
      changes.map((change) => `${change.what} ${change.from ?? 'none'} → ${change.to ?? 'none'}`).join('; '),
    ]),
  }
}
