import type { Command } from 'commander'
import { conventions } from '../../engine/conventions/index.ts'
import { type Explanation, explainCosts } from '../../engine/explain-costs.ts'
import { load } from '../load.ts'
import { conventionOption, type Sizes, sizesOf, withBatch, withFormat } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { showExact } from '../quantity.ts'

interface Options extends Sizes {
  from: string
  to: string
  batch: number
  resolution?: readonly [number, number]
  format: OutputFormat
}

/** `archmeter explain`: why two conventions differ over a network. */
export function addExplain(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('explain').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command.summary('why two conventions differ').description('Why two counting conventions differ over a network, op by op.')
  command
    .addOption(conventionOption('--from <name>', 'the convention to start from').makeOptionMandatory())
    .addOption(conventionOption('--to <name>', 'the convention to arrive at').makeOptionMandatory())
  withFormat(withBatch(command))
    .addHelpText(
      'after',
      `\nExamples:\n  archmeter explain resnet50 --from thop --to fvcore\n  archmeter explain model.onnx --from torchinfo --to lecture -f md\n`,
    )
    .action(async (model: string, { from, to, batch, resolution, format, ...options }: Options) => {
      const { name, graph } = await load(model, sizesOf(options))
      const explanation = explainCosts(graph, { from, to, batch, ...(resolution ? { resolution } : {}) })
      report(explainReport(name, explanation), format)
    })
}

function explainReport(name: string, explanation: Explanation): Report {
  const { from, to, batch, totals, items } = explanation
  const rows = items.map((item) => [item.type, item.layers, item.from, item.to, item.difference, item.why])
  return {
    json: { name, ...explanation },
    csv: { columns: ['type', 'layers', from, from === to ? `${to} again` : to, 'difference', 'why'], rows },
    sections: [
      {
        title: `${name}: flops under ${from} and under ${to}, batch ${batch}`,
        table: {
          columns: ['op', 'layers', from, to, 'difference', 'why'],
          rows: [
            ...rows.map(([type, layers, one, other, difference, why]) => [
              type!,
              layers!,
              ...[one, other, difference].map((n) => showExact(n as number)),
              why!,
            ]),
            ['total', '', showExact(totals.from), showExact(totals.to), showExact(totals.difference), ''],
          ],
        },
      },
    ],
  }
}

/** `archmeter conventions`: what each convention counts. */
export function addConventions(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program
    .command('conventions')
    .summary('the counting conventions')
    .description('The conventions by which flops are counted.')
  withFormat(command).action(({ format }: { format: OutputFormat }) => {
    const rows = conventions.map(({ name, summary }) => [name, summary])
    report(
      {
        json: conventions.map(({ name, summary }) => ({ name, summary })),
        csv: { columns: ['name', 'summary'], rows },
        sections: [{ table: { columns: ['convention', 'counts'], rows } }],
      },
      format,
    )
  })
}
