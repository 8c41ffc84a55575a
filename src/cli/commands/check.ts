import { type Command, Option } from 'commander'
import { diffCosts, type Figures, figuresOf } from '../../engine/compare-costs.ts'
import { computeCosts, uncountedOperators } from '../../engine/cost.ts'
import { defaultDtype } from '../../engine/widths.ts'
import { CliError, exitCodes } from '../failure.ts'
import { loadAll, type Network } from '../load.ts'
import { type Counting, costOptions, sizesOf, withCounting, withFormat } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { readPart, readQuantity, showBytes, showCount, showExact, showPart } from '../quantity.ts'
import { diffTable } from './compare.ts'

/** What a budget can be set on: the option's name, the figure, in what it is shown, what is said of it. */
const budgets = [
  { option: 'maxParams', flag: '--max-params <n>', figure: 'params', show: showCount, what: 'parameters' },
  { option: 'maxMacs', flag: '--max-macs <n>', figure: 'macs', show: showCount, what: 'multiply-adds' },
  { option: 'maxFlops', flag: '--max-flops <n>', figure: 'flops', show: showCount, what: 'flops under the convention' },
  { option: 'maxPeak', flag: '--max-peak <bytes>', figure: 'peakActivationBytes', show: showBytes, what: 'activations alive at once' },
  { option: 'maxWeights', flag: '--max-weights <bytes>', figure: 'weightBytes', show: showBytes, what: 'weights at the dtype' },
  { option: 'maxTraining', flag: '--max-training <bytes>', figure: 'trainingBytes', show: showBytes, what: 'memory to train with Adam' },
] as const
type BudgetOption = (typeof budgets)[number]['option']

/** Figures that may not grow against a baseline, beside those that have a budget. */
const watched: readonly (keyof Figures)[] = ['params', 'macs', 'flops', 'peakActivationBytes']

type Options = Counting & { [option in BudgetOption]?: number } & { baseline?: string; tolerance: number; format: OutputFormat }

interface Row {
  figure: keyof Figures
  value: number
  baseline: number | null
  /** Part of the baseline that it grew by; null without one. */
  growth: number | null
  max: number | null
  /** Why it is over budget; empty where it is not. */
  over: string[]
}

/** `archmeter check`: a budget gate. Sets the exit code: 0 within, 1 over, 2 where a file cannot be read or counted. */
export function addCheck(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('check').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('fail where a network is over budget')
    .description(
      'Holds a network to budgets and to a baseline. Ends with 0 where it keeps them, 1 where it is over, 2 where it cannot be read or counted.',
    )
  for (const { flag, what } of budgets) command.addOption(new Option(flag, `most ${what}`).argParser(readQuantity))
  command
    .option('--baseline <model>', 'a file or preset that params, macs, flops and peak may not outgrow')
    .addOption(new Option('--tolerance <part>', 'by how much they may: 5%').argParser(readPart).default(0, '0%'))
  withFormat(withCounting(command), 'md')
    .addHelpText(
      'after',
      `
Quantities: 4.2G, 26M, 30MiB, 120kB or plain numbers.

Examples:
  archmeter check model.onnx --max-macs 4.2G --max-params 26M --max-peak 30MiB
  archmeter check model.onnx --baseline main.onnx --tolerance 5% >> "$GITHUB_STEP_SUMMARY"
  archmeter check model.onnx --baseline resnet50 -f json | jq '.rows[] | select(.over != [])'`,
    )
    .action(async (model: string, options: Options) => {
      const over = await check(model, options, report)
      process.exitCode = over ? exitCodes.overBudget : exitCodes.fine
    })
}

async function check(model: string, options: Options, report: (report: Report, format: OutputFormat) => void): Promise<boolean> {
  if (options.baseline === undefined && budgets.every(({ option }) => options[option] === undefined))
    throw new CliError('there is nothing to check: give a budget such as --max-macs 4.2G, or a --baseline')
  if (options.baseline === undefined && options.tolerance > 0)
    throw new CliError('--tolerance is for --baseline: give one, or leave it out')
  const models = options.baseline === undefined ? [model] : [model, options.baseline]
  const [network, baseline = null] = (await loadAll(models, sizesOf(options))) as [Network, Network?]
  // One way to measure bytes for both.
  const counting = { dtype: defaultDtype(network.graph, ...(baseline ? [baseline.graph] : [])), ...costOptions(options) }
  const [counted, before] = [network, baseline].map((each) => {
    if (!each) return null
    const costs = computeCosts(each.graph, counting)
    if (costs.totals.partial)
      throw new CliError(
        `${each.name} cannot be checked, since these operators may multiply and are not counted: ${uncountedOperators(costs.uncounted)
          .map(({ operator, layers }) => `${operator} ×${layers}`)
          .join(', ')}`,
      )
    return { costs, figures: figuresOf(costs) }
  })
  const rows = rowsOf(counted!.figures, before?.figures ?? null, options)
  const ok = rows.every(({ over }) => over.length === 0)
  const diff = baseline && before && !ok ? diffCosts(baseline, network, before.costs, counted!.costs, counting) : null
  const { convention, batch, tolerance } = options
  const { dtype } = counted!.costs
  report(
    {
      json: {
        ok,
        model: network.name,
        baseline: baseline?.name ?? null,
        tolerance: baseline ? tolerance : null,
        convention,
        batch,
        dtype,
        rows,
        diff,
      },
      csv: {
        columns: ['figure', 'value', 'baseline', 'growth', 'max', 'over'],
        rows: rows.map(({ figure, value, baseline: base, growth, max, over }) => [
          figure,
          value,
          base ?? '',
          growth ?? '',
          max ?? '',
          over.join('; '),
        ]),
      },
      sections: [
        {
          title: `${network.name}: ${ok ? 'within budget' : 'over budget'} (batch ${batch}, ${dtype}, convention ${convention})`,
          table: {
            columns: ['', ...(baseline ? [baseline.name, network.name, 'change'] : [network.name]), 'limit', 'verdict'],
            rows: rows.map((row) => shown(row, baseline !== null)),
          },
        },
        ...(diff && diff.layers.length > 0
          ? [
              {
                title: `Layers that changed: ${diff.changed} changed, ${diff.added} added, ${diff.removed} removed`,
                table: diffTable(diff.layers.slice(0, 30)),
              },
            ]
          : []),
        ...(diff && diff.layers.length > 30
          ? [{ notes: [`… and ${diff.layers.length - 30} more: archmeter compare ${baseline!.name} ${network.name}`] }]
          : []),
      ],
    },
    options.format,
  )
  return !ok
}

function rowsOf(figures: Figures, before: Figures | null, options: Options): Row[] {
  return budgets.flatMap(({ option, figure, show }): Row[] => {
    const max = options[option] ?? null
    const base = before && (watched.includes(figure) || max !== null) ? before[figure] : null
    if (max === null && base === null) return []
    const value = figures[figure]
    const growth = base === null ? null : base === 0 ? (value === 0 ? 0 : Number.POSITIVE_INFINITY) : value / base - 1
    const over: string[] = []
    if (max !== null && value > max) over.push(`more than ${show(max)}`)
    // A growth of just the tolerance is within it, whatever the product rounds to.
    if (base !== null && value > base * (1 + options.tolerance + 1e-12)) over.push(`grew by more than ${showPart(options.tolerance)}`)
    return [{ figure, value, baseline: base, growth: growth === Number.POSITIVE_INFINITY ? null : growth, max, over }]
  })
}

function shown({ figure, value, baseline, growth, max, over }: Row, withBaseline: boolean): (string | number)[] {
  const { show, what } = budgets.find((each) => each.figure === figure)!
  const text = (n: number) => (Math.abs(n) < 10_000 ? show(n) : `${show(n)} (${showExact(n)})`)
  return [
    what,
    ...(withBaseline ? [baseline === null ? '' : text(baseline)] : []),
    text(value),
    ...(withBaseline ? [growth === null ? '' : `${growth > 0 ? '+' : ''}${showPart(growth)}`] : []),
    max === null ? '' : show(max),
    over.length === 0 ? 'ok' : `OVER: ${over.join(', ')}`,
  ]
}
