import { type Command, Option } from 'commander'
import { graphToJson } from '../../engine/graph.ts'
import { mostSteps, type RecipeStep, type Rewritten, rewriteGraph } from '../../engine/rewrites/apply.ts'
import { rewrites } from '../../engine/rewrites/index.ts'
import { type LayerChange, previewRewrite, type RewritePreview } from '../../engine/rewrites/preview.ts'
import { CliError } from '../failure.ts'
import { writeOutput } from '../files.ts'
import { loadWeighted, type WeightedNetwork } from '../load.ts'
import { conventionOption, type Sizes, sizesOf, whole, withBatchAlone, withFormat } from '../options.ts'
import type { OutputFormat, Report, Section } from '../output.ts'
import { showBytes, showCount, showExact, showPart, showRatio } from '../quantity.ts'
import { readRecipe, readStep } from '../recipe.ts'

const weightKinds = ['file', 'seeded', 'none'] as const

interface Options extends Sizes {
  recipe?: string
  out?: string
  weights?: (typeof weightKinds)[number]
  seed?: number
  convention: string
  batch: number
  format: OutputFormat
}

/** `archmeter rewrite`: what a recipe changes, and the network that it makes as a file. */
export function addRewrite(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program
    .command('rewrite')
    .argument('<model>', 'a file, a preset of the zoo, or - for standard input')
    .argument('[rewrites...]', 'what to do, one step after the other: a name, or name:option=value,option=value')
  command
    .summary('change a network, and see what that saves')
    .description(
      'Changes a network by one rewrite or several in turn: totals before and after, layer by layer, receptive field, and where the weights come from. With --out the new network is written as well.',
    )
    .option('--recipe <file>', 'steps as JSON, as the service takes them, in place of those on the command line')
    .option('--out <file>', 'the new network: ONNX (.onnx) or Archmeter’s JSON (.json); - for ONNX on standard output')
    .addOption(
      new Option(
        '--weights <kind>',
        'of the ONNX file: those of the model’s file, seeded where they are new; all seeded; or none (default: file for an ONNX file, else seeded)',
      ).choices([...weightKinds]),
    )
    .addOption(new Option('--seed <n>', 'of seeded weights').argParser(whole(0, 2 ** 31 - 1)))
    .addOption(conventionOption('--convention <name>', 'how flops are counted').default('lecture'))
  withFormat(withBatchAlone(command))
    .addHelpText(
      'after',
      `
A name may be written in part, as long as one rewrite alone has it: depthwise, low-rank, foldbatchnorm. The option layers=a+b names
layers; without it all that suit are changed. archmeter rewrites lists rewrites and options.

Examples:
  archmeter rewrite resnet18 depthwise                                  a preview
  archmeter rewrite resnet18 depthwise --out small.onnx                 and the network, for any runtime
  archmeter rewrite model.onnx fold-batch-norm --out folded.onnx        with the file's weights, folded
  archmeter rewrite vgg16 low-rank:keep=0.1 scale-width:factor=0.5      two steps, with options
  archmeter rewrite resnet50 grouped:groups=4,layers=layer1.0.conv2 -f json | jq .difference`,
    )
    .action(async (model: string, typed: string[], options: Options) => {
      const recipe = recipeOf(typed, options.recipe)
      const { out } = options
      checkOutput(options, command.getOptionValueSource('format') !== 'cli')
      const network = await loadWeighted(model, sizesOf(options))
      const rewritten = rewriteGraph(network.graph, recipe)
      const preview = previewRewrite(network.graph, rewritten, { convention: options.convention, batch: options.batch })
      if (out !== undefined) await writeNetwork(out, network, rewritten, recipe, options)
      preview.approximations = rewritten.weights.approximations()
      if (out !== '-') report(rewriteReport(network.name, preview, out ?? null), options.format)
    })
}

function recipeOf(typed: readonly string[], file: string | undefined): RecipeStep[] {
  if (file !== undefined && typed.length > 0) throw new CliError('give rewrites or --recipe, not both')
  const recipe = file === undefined ? typed.map(readStep) : readRecipe(file)
  if (recipe.length === 0) throw new CliError(`say what to do: ${rewrites.map(({ name }) => name).join(', ')}`)
  if (recipe.length > mostSteps) throw new CliError(`a recipe has ${mostSteps} steps at most, and these are ${recipe.length}`)
  return recipe
}

function checkOutput({ out, weights, seed }: Options, formatIsDefault: boolean): void {
  if (out === undefined && (weights !== undefined || seed !== undefined))
    throw new CliError('--weights and --seed are for --out: name a file such as --out small.onnx')
  if (out === undefined) return
  if (out === '-' && !formatIsDefault)
    throw new CliError('--out - takes standard output for the network: leave --format out, or name a file')
  if (/\.json$/i.test(out)) {
    if (weights !== undefined || seed !== undefined)
      throw new CliError('JSON carries no weights: name an .onnx file, or leave --weights and --seed out')
  } else if (out !== '-' && !/\.onnx$/i.test(out)) throw new CliError(`${out}: end the name in .onnx or .json, which says what is written`)
  if (seed !== undefined && weights === 'none') throw new CliError('--seed is for weights: leave it or --weights none out')
}

/** Writes the new network in the form that its file's name asks for. */
async function writeNetwork(
  out: string,
  { name, parameterOf }: WeightedNetwork,
  { graph, weights: plan }: Rewritten,
  recipe: readonly RecipeStep[],
  { weights = parameterOf ? 'file' : 'seeded', seed = 0 }: Options,
): Promise<void> {
  if (/\.json$/i.test(out)) {
    const title = `${name} (${recipe.map(({ rewrite }) => rewrite).join(', ')})`
    return writeOutput(out, [`${JSON.stringify({ name: title, ...graphToJson(graph) }, null, 2)}\n`])
  }
  if (weights === 'file' && !parameterOf)
    throw new CliError(`${name} is no ONNX file, so that it has no weights here: use --weights seeded or none`)
  // A protobuf library is loaded for those that need it.
  const { streamOnnx } = await import('../../engine/formats/onnx-stream.ts')
  const { pieces } = streamOnnx(graph, {
    ...{ seed, weights: weights === 'none' ? 'none' : 'seeded' },
    ...(weights === 'file' ? { parameterOf: plan.valuesFrom(parameterOf!) } : {}),
  })
  writeOutput(out, pieces)
}

const totalsOf: readonly { name: keyof RewritePreview['before']; word: string; show: (value: number) => string }[] = [
  { name: 'layers', word: 'layers', show: showExact },
  { name: 'params', word: 'params', show: showCount },
  { name: 'macs', word: 'macs', show: showCount },
  { name: 'flops', word: 'flops', show: showCount },
  { name: 'memoryKiB', word: 'activations, all', show: (value) => showBytes(1024 * value) },
  { name: 'peakActivationBytes', word: 'activations, peak', show: showBytes },
  { name: 'weightBytes', word: 'weights', show: showBytes },
]

/** Rows of layers that are shown to people; all are in JSON and CSV. */
const mostRows = 40

function rewriteReport(name: string, preview: RewritePreview, out: string | null): Report {
  const { before, after, difference, steps, weights, receptiveField, exact, convention, batch, layers } = preview
  const changed = layers.filter(({ change }) => change !== 'kept')
  const stepSections = steps.map(
    ({ rewrite, applied, skipped, givesUp }): Section => ({
      notes: [
        `${rewrite}: ${applied.length === 0 ? 'the network as a whole' : `${applied.length} layers changed`}${skipped.length > 0 ? `, ${skipped.length} left, such as ${skipped[0]!.layerId}: ${skipped[0]!.reason}` : ''}`,
        `Gives up: ${givesUp}`,
      ],
    }),
  )
  const numbers = (['kept', 'derived', 'new'] as const).map((origin) => `${showCount(weights[origin])} ${origin}`).join(', ')
  return {
    json: { name, out, ...preview },
    csv: {
      columns: [
        'id',
        'change',
        'weights',
        ...['before', 'after'].flatMap((side) => [`${side}Type`, `${side}Params`, `${side}Macs`, `${side}Flops`, `${side}MemoryKiB`]),
      ],
      rows: layers.map(({ id, change, weights: origin, ...sides }) => [
        ...[id, change, origin ?? ''],
        ...(['before', 'after'] as const).flatMap((side) => {
          const layer = sides[side]
          return layer ? [layer.type, layer.params, layer.macs, layer.flops, layer.memoryKiB] : ['', '', '', '', '']
        }),
      ]),
    },
    sections: [
      {
        title: `${name}: ${steps.map(({ rewrite }) => rewrite).join(', then ')}; batch ${batch}, convention ${convention}`,
        table: {
          columns: ['total', 'before', 'after', 'difference', 'ratio'],
          rows: totalsOf.map(({ name: total, word, show }) => [
            word,
            ...[show(before[total]), show(after[total])],
            `${difference[total] > 0 ? '+' : ''}${show(difference[total])}`,
            showRatio(before[total] === 0 ? null : after[total] / before[total]),
          ]),
        },
        notes: [
          `Numbers of the new network: ${numbers}.`,
          ...preview.approximations.map(
            ({ layerId, relativeError }) => `${layerId}: ${showPart(relativeError)} of the matrix is lost (Frobenius).`,
          ),
          `Receptive field at the outputs: ${receptiveField.kept ? 'kept' : 'changed'}. Outputs for the same weights: ${exact ? 'the same, up to rounding' : 'others'}.`,
        ],
      },
      ...stepSections,
      ...(changed.length > 0 ? [{ title: 'Layers that change', table: changeTable(changed.slice(0, mostRows)) }] : []),
      ...(changed.length > mostRows ? [{ notes: [`… and ${changed.length - mostRows} more: --format csv has all`] }] : []),
      ...(out === null ? [] : [{ notes: [`Written to ${out}.`] }]),
    ],
  }
}

const signs = { added: '+', removed: '-', changed: '~', kept: '' } as const

const changeTable = (changes: readonly LayerChange[]) => ({
  columns: ['', 'layer', 'op', 'output', 'params', 'macs', 'weights'],
  rows: changes.map(({ id, change, before, after, weights }) => {
    const both = (of: (side: NonNullable<typeof before>) => string): string => {
      const [from, to] = [before && of(before), after && of(after)]
      return from !== null && to !== null && from !== to ? `${from} → ${to}` : (to ?? from ?? '')
    }
    return [
      ...[signs[change], id, both(({ type }) => type), both(({ outputShape }) => outputShape.join('×'))],
      ...[both(({ params }) => showCount(params)), both(({ macs }) => showCount(macs)), weights ?? ''],
    ]
  }),
})

/** `archmeter rewrites`: what can be asked for. */
export function addRewrites(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program
    .command('rewrites')
    .summary('the rewrites that can be asked for')
    .description('What becomes what, what that gives up, and the options of each.')
  withFormat(command).action(({ format }: { format: OutputFormat }) => {
    const optionsOf = (schema: { properties: Record<string, { default?: unknown }> }): string =>
      Object.entries(schema.properties)
        .map(([option, { default: value }]) => (value === undefined ? option : `${option}=${JSON.stringify(value)}`))
        .join(', ')
    const rows = rewrites.map(({ name, summary, givesUp, options }) => [name, optionsOf(options), summary, givesUp])
    const columns = ['rewrite', 'options', 'what becomes what', 'gives up']
    report(
      {
        json: rewrites.map(({ name, summary, givesUp, source, exact = false, whole: all = false, options }) => ({
          ...{ name, summary, givesUp, source, exact, whole: all, options },
        })),
        csv: { columns, rows },
        sections: [{ table: { columns, rows } }],
      },
      format,
    )
  })
}
