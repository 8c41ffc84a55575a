import { type Command, Option } from 'commander'
import type { CostDtype } from '../../engine/dtypes.ts'
import { type Fit, largestBatch } from '../../engine/memory/fit.ts'
import {
  isAlive,
  type MemoryOptions,
  type MemoryTimeline,
  memoryTimeline,
  type Optimizer,
  optimizerNames,
} from '../../engine/memory/index.ts'
import { CliError } from '../failure.ts'
import { load } from '../load.ts'
import { dtypeOption, type Sizes, sizesOf, whole, withBatch, withFormat } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { readQuantity, showBytes, showCount, showExact } from '../quantity.ts'

interface Options extends Sizes {
  batch: number
  resolution?: readonly [number, number]
  dtype?: CostDtype
  training?: true
  optimizer?: Optimizer
  segments?: number | 'sqrt'
  fits?: number
  top: number
  format: OutputFormat
}

const upTo = whole(1, 999_999)

/** `archmeter memory`: what is in memory when, and the largest batch that fits. */
export function addMemory(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('memory').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('what is in memory when, and the largest batch that fits')
    .description(
      'Live tensors by step, in inference or in training, what is alive at the peak and for how long, and the largest batch that fits.',
    )
  withFormat(withBatch(command).addOption(dtypeOption()))
    .option('--training', 'a step of training: activations kept, gradients, the optimizer’s state')
    .addOption(new Option('--optimizer <name>', 'with --training (default: adam)').choices(optimizerNames))
    .addOption(
      new Option(
        '--segments <n>',
        'with --training: checkpointing, layers in so many parts, all but what later parts read computed twice; sqrt: √layers',
      ).argParser((text) => (text === 'sqrt' ? text : upTo(text))),
    )
    .addOption(new Option('--fits <bytes>', 'the largest batch that fits so much memory, such as 16GiB').argParser(readQuantity))
    .addOption(new Option('--top <n>', 'tensors of the peak to list').argParser(upTo).default(10))
    .addHelpText(
      'after',
      `
Examples:
  archmeter memory resnet50                                            the peak, and what makes it
  archmeter memory resnet50 --training --optimizer momentum --batch 32
  archmeter memory resnet50 --training --segments sqrt --fits 16GiB    the largest batch with checkpointing
  archmeter memory model.onnx -f csv > timeline.csv                    a row a step`,
    )
    .action(async (model: string, { training, optimizer, segments, fits, top, format, dims, inputShape, ...counting }: Options) => {
      if (!training && (optimizer !== undefined || segments !== undefined))
        throw new CliError('--optimizer and --segments are for --training: give it, or leave them out')
      const { name, graph } = await load(model, sizesOf({ dims, inputShape }))
      const options: MemoryOptions = {
        ...counting,
        mode: training ? 'training' : 'inference',
        ...(optimizer ? { optimizer } : {}),
        ...(segments ? { segments } : {}),
      }
      const { batch: _batch, ...any } = options
      const fit = fits === undefined ? null : largestBatch(graph, fits, any)
      report(memoryReport(name, memoryTimeline(graph, options), fit, top), format)
    })
}

/** What the largest batch takes and one image more would: in every digit where three figures are the same. */
function takes({ batch, takesBytes, nextBytes }: Fit): string {
  if (batch === 0) return `one image takes ${showBytes(takesBytes)}`
  if (nextBytes === null) return `it takes ${showBytes(takesBytes)}`
  const show = showBytes(takesBytes) === showBytes(nextBytes) ? (value: number) => `${showExact(value)} B` : showBytes
  return `it takes ${show(takesBytes)}, one image more ${show(nextBytes)}`
}

function memoryReport(name: string, timeline: MemoryTimeline, fit: Fit | null, top: number): Report {
  const { mode, batch, dtype, peak, steps, inPlace, arena, optimizer, segments } = timeline
  const atPeak = timeline.tensors.filter((each) => each.bytes > 0 && isAlive(each, peak.step)).sort((a, b) => b.bytes - a.bytes)
  const bytes: [string, number][] = [
    ['weights', timeline.weightBytes],
    ...(optimizer
      ? ([
          ['gradients of weights', timeline.gradientBytes],
          [`state of ${optimizer}`, timeline.optimizerBytes],
          ['activations kept', timeline.keptActivationBytes],
        ] as [string, number][])
      : []),
    [optimizer ? 'activations and their gradients, peak' : 'activations, peak', peak.bytes],
    ['all at the peak', peak.totalBytes],
    ...(inPlace ? ([['peak, written in place where it may', inPlace.peakBytes]] as [string, number][]) : []),
    ...(arena
      ? ([
          ['one block for all activations', arena.bytes],
          ['without reuse', arena.withoutReuseBytes],
        ] as [string, number][])
      : []),
  ]
  const where = peak.layerId === null ? 'before the first layer' : `at ${peak.layerId}${mode === 'training' ? `, ${peak.pass}` : ''}`
  const ofStep = (step: number): string =>
    step < 0 ? 'start' : step >= steps.length ? 'end' : `${steps[step]!.layerId}${steps[step]!.pass === 'backward' ? ' (backward)' : ''}`
  return {
    json: { name, ...timeline, fit },
    csv: {
      columns: ['step', 'layerId', 'pass', 'activationBytes', 'gradientBytes', 'aliveBytes', 'inPlace'],
      rows: steps.map(({ layerId, pass, activationBytes, gradientBytes, aliveBytes, inPlace: over }, step) => [
        ...[step, layerId, pass, activationBytes, gradientBytes, aliveBytes, String(over)],
      ]),
    },
    sections: [
      {
        title: `${name}: ${mode}, batch ${batch}, ${dtype}; the peak is ${where}`,
        table: { columns: ['memory', '', 'exact'], rows: bytes.map(([what, value]) => [what, showBytes(value), showExact(value)]) },
        notes: [
          ...(inPlace ? [`${inPlace.layers} layers may write over an input that nobody reads after them.`] : []),
          ...(segments > 1 ? [`${segments} segments; ${showCount(timeline.recomputedMacs)} multiply-adds are done twice.`] : []),
          ...(fit
            ? [
                `The largest batch in ${showBytes(fit.bytes)} is ${fit.batch}: ${takes(fit)}. What libraries take for themselves comes on top.`,
              ]
            : []),
        ],
      },
      {
        title: `Alive at the peak: ${atPeak.length} tensors`,
        table: {
          columns: ['tensor', 'what', 'memory', 'from', 'to'],
          rows: atPeak
            .slice(0, top)
            .map(({ tensor, kind, bytes: size, from, to }) => [tensor, kind, showBytes(size), ofStep(from), ofStep(to)]),
        },
        ...(atPeak.length > top ? { notes: [`… and ${atPeak.length - top} more: --top ${atPeak.length}`] } : {}),
      },
    ],
  }
}
