import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { type Coloring, colorings, drawNetwork, type LayerTime } from '../../engine/formats/drawing/index.ts'
import { CliError } from '../failure.ts'
import { writeOutput } from '../files.ts'
import { load } from '../load.ts'
import { type Counting, costOptions, sizesOf, whole, withCounting } from '../options.ts'

interface Options extends Counting {
  output?: string
  colorBy?: Coloring
  depth?: number
  profile?: string
}

/** `archmeter draw`: the network as a graph, an SVG file. */
export function addDraw(program: Command): void {
  const command = program.command('draw').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('the network as an SVG graph')
    .description('The network as a graph, SVG: laid out from input to output, blocks folded, colored by what the layers cost or took.')
  withCounting(command)
    .option('-o, --output <file>', 'where it goes; without it, to standard output')
    .addOption(new Option('--color-by <what>', 'what boxes are colored by (default: macs, or ms with --profile)').choices([...colorings]))
    .addOption(
      new Option(
        '--depth <n>',
        'leading parts of a name that make a block, folded to one box (default: as deep as stays easy to take in)',
      ).argParser(whole(1, 20)),
    )
    .option('--profile <file>', 'measured times: what GET /v1/runs/{id}/profile answers')
    .addHelpText(
      'after',
      `
Examples:
  archmeter draw model.onnx -o net.svg
  archmeter draw resnet50 --depth 1 --color-by params > resnet50.svg
  archmeter draw model.onnx --profile profile.json -o times.svg`,
    )
    .action(async (model: string, { output, colorBy, depth, profile, ...options }: Options) => {
      // An SVG called .png is opened by nothing.
      const [, format] = /\.(png|jpe?g|gif|webp|pdf|dot|mmd)$/i.exec(output ?? '') ?? []
      if (format !== undefined) throw new CliError(`${output}: this writes SVG, not ${format.toLowerCase()}: end the name in .svg`)
      if (colorBy === 'ms' && profile === undefined)
        throw new CliError('--color-by ms shows measured times: give --profile with what GET /v1/runs/{id}/profile answers')
      if (profile !== undefined && colorBy !== undefined && colorBy !== 'ms')
        throw new CliError(`--profile is for --color-by ms, not for ${colorBy}: leave one of them out`)
      const times = profile === undefined ? undefined : readProfile(profile)
      const { name, graph } = await load(model, sizesOf(options))
      const unknown = times?.rows.flatMap(({ layerIds }) => layerIds).find((id) => graph.layers.every((layer) => layer.id !== id))
      if (unknown !== undefined) throw new CliError(`${profile} is of another network: ${name} has no layer ${unknown}`)
      const svg = await drawNetwork(graph, {
        ...costOptions(options),
        ...{ title: name, colorBy: colorBy ?? (times ? 'ms' : 'macs') },
        ...(depth === undefined ? {} : { depth }),
        ...(times ? { times } : {}),
      })
      writeOutput(output ?? '-', [svg])
    })
}

/** Times of a run's profile. @throws CliError where the file holds none. */
function readProfile(file: string): { rows: LayerTime[]; of: string } {
  let json: { rows?: unknown; runtime?: unknown; device?: unknown }
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new CliError(`${file} cannot be read: ${(cause as Error).message}`)
  }
  const isRow = (row: any): row is LayerTime =>
    typeof row?.ms === 'number' && row.ms >= 0 && Array.isArray(row.layerIds) && row.layerIds.every((id: unknown) => typeof id === 'string')
  if (!Array.isArray(json?.rows) || !json.rows.every(isRow))
    throw new CliError(`${file} is no profile: save what GET /v1/runs/{id}/profile answers`)
  const by = typeof json.runtime === 'string' && typeof json.device === 'string' ? `a run by ${json.runtime} on ${json.device}` : 'a run'
  return { rows: json.rows, of: by }
}
