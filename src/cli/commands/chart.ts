import type { Command } from 'commander'
import { writeCostChart } from '../../engine/formats/cost-chart.ts'
import { writeOutput } from '../files.ts'
import { load } from '../load.ts'
import { type Counting, costOptions, type Ranked, rankOptions, sizesOf, withCounting, withRanking } from '../options.ts'

/** `archmeter chart`: costs as bars, an SVG file. */
export function addChart(program: Command): void {
  const command = program.command('chart').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('costs as an SVG chart')
    .description('Costs as bars, SVG: memory, parameters and flops, a row a layer, op, stage or block.')
  withRanking(withCounting(command), 'layer')
    .option('-o, --output <file>', 'where it goes; without it, to standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  archmeter chart resnet50 --by block -o resnet50.svg\n  archmeter chart model.onnx --sort flops --top 20 > chart.svg',
    )
    .action(async (model: string, { output, ...options }: Counting & Ranked & { output?: string }) => {
      const { name, graph } = await load(model, sizesOf(options))
      const svg = writeCostChart(graph, { ...costOptions(options), ...rankOptions(options, command), title: name })
      writeOutput(output ?? '-', [svg])
    })
}
