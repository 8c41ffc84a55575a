import { type Command, Option } from 'commander'
import { type Sizes, sizesOf, whole, withBatch, withFormat, withTarget } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { showMs, showPart } from '../quantity.ts'
import { connect } from '../server/client.ts'
import { register } from '../server/register.ts'

interface Options extends Sizes {
  server?: string
  name?: string
  device?: string
  runtime?: string
  precision?: string
  threads?: number
  batch: number
  resolution?: readonly [number, number]
  format: OutputFormat
}

/** A prediction as the service answers with it, as far as it is read here. */
interface Prediction {
  device: string
  runtime: string
  batch: number
  resolution: string | null
  precision: string
  latencyMs: number
  interval: { lowMs: number; highMs: number; coverage: number }
  error: { architectures: number; medianPercent: number; worstPercent: number; worstArchitecture: string }
  byKind: { kind: string; layers: number; ms: number; share: number }[]
  notes: string[]
  measured: { runId: string; latencyMs: number } | null
}

/** `archmeter predict`: the latency of a model as a service has learnt from the runs of a device. */
export function addPredict(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('predict').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('the latency of a model on a device of a server, predicted')
    .description(
      'Registers a model with an Archmeter service and asks how long a call would take, learnt from the runs made on the device; nothing is run. The error on networks that were left out stands with it.',
    )
  withTarget(command)
    .option('--precision <type>', 'float32 or float16 (default: float32)')
    .addOption(new Option('--threads <n>', 'of the runs to learn from; 0: one per physical core (default: 0)').argParser(whole(0, 1024)))
    .option('--name <name>', 'name of the architecture (default: the file’s)')
  withFormat(withBatch(command))
    .addHelpText(
      'after',
      `
Five networks must have been measured on the device: archmeter run. A service that asks for an API key gets the one in ARCHMETER_KEY,
of the role runner.

Examples:
  archmeter predict model.onnx --server http://localhost:3000 --device cuda:0
  archmeter predict resnet50 --device cpu --runtime onnxruntime --resolution 160 -f json | jq .latencyMs`,
    )
    .action(async (model: string, options: Options) => {
      const { server, name, device, runtime, precision, threads, batch, resolution, format } = options
      const client = connect(server, 'to predict')
      const architecture = await register(client, model, name, sizesOf(options))
      const given = { device, runtime, precision, threads, batch, resolution: resolution?.join('x') }
      const query = new URLSearchParams(
        Object.entries(given).flatMap(([option, value]): [string, string][] => (value === undefined ? [] : [[option, String(value)]])),
      )
      const { body } = await client.ask<Prediction>(`/v1/architectures/${architecture.id}/prediction?${query}`)
      report(predictionReport(architecture.name, body), format)
    })
}

function predictionReport(name: string, prediction: Prediction): Report {
  const { device, runtime, batch, resolution, precision, latencyMs, interval, error, byKind, notes, measured } = prediction
  return {
    json: { name, ...prediction },
    csv: {
      columns: [
        'name',
        'device',
        'runtime',
        'batch',
        'resolution',
        'precision',
        'latencyMs',
        'lowMs',
        'highMs',
        'medianErrorPercent',
        'worstErrorPercent',
      ],
      rows: [
        [
          ...[name, device, runtime, batch, resolution ?? '', precision, latencyMs, interval.lowMs, interval.highMs],
          ...[error.medianPercent, error.worstPercent],
        ],
      ],
    },
    sections: [
      {
        title: `${name}: ${showMs(latencyMs)} a call, predicted; ${device}, ${runtime}, batch ${batch}${resolution === null ? '' : `, ${resolution}`}, ${precision}`,
        table: {
          columns: ['kind', 'layers', 'time', '%'],
          rows: byKind.map(({ kind, layers, ms, share }) => [kind, layers, showMs(ms), showPart(share)]),
        },
        notes: [
          `Between ${showMs(interval.lowMs)} and ${showMs(interval.highMs)} for ${showPart(interval.coverage)} of networks like those measured.`,
          `Error on ${error.architectures} networks, each left out in turn: ${error.medianPercent.toFixed(1)} % in the median, ${error.worstPercent.toFixed(1)} % at worst (${error.worstArchitecture}).`,
          ...(measured ? [`Measured: ${showMs(measured.latencyMs)}, run ${measured.runId}.`] : []),
          ...notes,
        ],
      },
    ],
  }
}
