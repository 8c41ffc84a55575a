import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Advice, advise, type Finding } from '../../engine/advice/advise.ts'
import { CliError } from '../failure.ts'
import { load } from '../load.ts'
import { type Sizes, sizesOf, withBatchAlone, withFormat } from '../options.ts'
import type { OutputFormat, Report, Section } from '../output.ts'
import { readQuantity, showBytes, showCount, showPart } from '../quantity.ts'

interface Options extends Sizes {
  batch: number
  flopsPerSecond?: number
  bytesPerSecond?: number
  format: OutputFormat
}

function readRate(text: string): number {
  const value = readQuantity(text.replace(/\/s$/, ''))
  if (value <= 0) throw new InvalidArgumentError('A device does more than nothing in a second: write 10T or 900G.')
  return value
}

/** `archmeter advise`: what dominates a network's cost, and which rewrites would save what. */
export function addAdvise(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('advise').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('what dominates the cost, and what would be cheaper')
    .description(
      'Rules of thumb, each checked against this network with figure, layers and source; and the rewrites that save something, with what each gives up.',
    )
  withFormat(withBatchAlone(command))
    .addOption(new Option('--flops-per-second <n>', 'what the device computes at most, for layers bound by memory').argParser(readRate))
    .addOption(new Option('--bytes-per-second <n>', 'what the device moves at most').argParser(readRate))
    .addHelpText(
      'after',
      `
Examples:
  archmeter advise vgg16
  archmeter advise model.onnx --flops-per-second 51T --bytes-per-second 2TB        layers bound by memory on that device
  archmeter advise resnet50 -f json | jq '.savings[0]'
  archmeter rewrite vgg16 global-average-pooling                                   what a rewrite changes, layer by layer`,
    )
    .action(async (model: string, { batch, flopsPerSecond, bytesPerSecond, format, ...sizes }: Options) => {
      if ((flopsPerSecond === undefined) !== (bytesPerSecond === undefined))
        throw new CliError('the roofline needs both ceilings: give --flops-per-second and --bytes-per-second')
      const ceilings = flopsPerSecond === undefined || bytesPerSecond === undefined ? null : { flopsPerSecond, bytesPerSecond }
      const { name, graph } = await load(model, sizesOf(sizes))
      report(adviceReport(name, advise(graph, { batch, ceilings })), format)
    })
}

const findingSection = ({ holds, rule, statement, layers, source }: Finding): Section => ({
  title: `${holds ? 'True here' : 'Not so here'}: ${rule}`,
  notes: [statement, ...(layers.length > 0 ? [`Layers: ${layers.join(', ')}`] : []), `Source: ${source}`],
})

function adviceReport(name: string, advice: Advice): Report {
  const { batch, findings, savings, best } = advice
  const winners = (['params', 'macs', 'memoryKiB'] as const).flatMap((of) =>
    best[of] === null ? [] : [`Most ${of === 'memoryKiB' ? 'activation memory' : of} is saved by ${best[of]}.`],
  )
  return {
    json: { name, ...advice },
    csv: {
      columns: ['kind', 'name', 'holds', 'value', 'unit', 'share', 'params', 'macs', 'memoryKiB', 'statement', 'layers', 'source'],
      rows: [
        ...findings.map((each) => [
          ...['finding', each.name, String(each.holds), each.value, each.unit, each.share ?? '', '', '', ''],
          ...[each.statement, each.layers.join(' '), each.source],
        ]),
        ...savings.map(({ rewrite, saved, givesUp, layers, source }) => [
          ...['saving', rewrite, '', layers, 'layers', '', saved.params, saved.macs, saved.memoryKiB],
          ...[givesUp, '', source],
        ]),
      ],
    },
    sections: [
      { title: `${name}: what dominates, and what would be cheaper; batch ${batch}` },
      ...findings.map(findingSection),
      savings.length === 0
        ? { title: 'No rewrite saves anything' }
        : {
            title: 'Rewrites that save something, with their default options',
            table: {
              columns: ['rewrite', 'layers', 'params', '%', 'macs', '%', 'memory', '%', 'gives up'],
              rows: savings.map(({ rewrite, layers, saved, share, givesUp }) => [
                rewrite,
                layers === 0 ? 'all' : layers,
                ...[showCount(saved.params), showPart(share.params), showCount(saved.macs), showPart(share.macs)],
                ...[showBytes(1024 * saved.memoryKiB), showPart(share.memoryKiB), givesUp],
              ]),
            },
            notes: winners,
          },
    ],
  }
}
