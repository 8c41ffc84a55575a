import { type Command, InvalidArgumentError, Option } from 'commander'
import { exitCodes } from '../failure.ts'
import { type Sizes, sizesOf, whole, withBatch, withFormat, withTarget } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { showExact } from '../quantity.ts'
import { type Client, connect } from '../server/client.ts'
import { register, writtenDims } from '../server/register.ts'

interface Options extends Sizes {
  server?: string
  name?: string
  device?: string
  runtime?: string
  backend?: string
  precision?: string
  batch: number
  resolution?: readonly [number, number]
  profile?: true
  fresh?: true
  label: Record<string, string>
  timeout?: number
  priority?: number
  requireValid?: true
  format: OutputFormat
}

/** A run as the service answers with it, as far as it is read here. */
interface Run {
  id: string
  architectureName: string
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'timedOut'
  device: string
  host: string
  runtime: string
  backend: string
  batch: number
  precision: string
  queue: { position: number; etaMs: number | null } | null
  result: {
    latencyMs: {
      p50: number | null
      p90: number | null
      p99: number | null
      min: number
      mean: number
      max: number
      medianCi95: [number, number] | null
    }
    samples: number
    throughputPerSecond: number
    firstRunMs: number
    loadMs: number
  } | null
  certificate: { verdict: 'valid' | 'suspect' | 'invalid'; reasons: { code: string; message: string }[] } | null
  error: { code: string; message: string } | null
  notes?: string[]
}

const ended = ({ status }: Run): boolean => status !== 'queued' && status !== 'running'
/** Longest that one question waits for the end of a run, s: less in the queue, so that its place is told. */
const waitSeconds = { queued: 2, running: 20 }

function addLabel(text: string, before: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=')
  if (equals < 1) throw new InvalidArgumentError('Write name=value.')
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
}

/** `archmeter run`: a model timed by a service, followed to its end. Sets the exit code. */
export function addRun(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('run').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('time a model on a device of a server')
    .description(
      'Registers a model with an Archmeter service, queues a timed run, follows it to its end, and prints medians and verdict. Ends with 0 where it succeeded, 1 where it did not or its certificate is invalid, 2 where the service cannot be reached or refuses.',
    )
  withTarget(command)
    .option('--backend <name>', 'back end of the runtime, where it has several')
    .option('--precision <type>', 'float32 or float16 (default: float32)')
    .option('--profile', 'a pass of its own that times each layer')
    .option('--fresh', 'measure even where a valid run has measured the same')
    .option('--name <name>', 'name of the architecture (default: the file’s)')
    .addOption(new Option('--label <name=value>', 'a label for finding the run; may be repeated').argParser(addLabel).default({}, 'none'))
    .addOption(
      new Option('--timeout <seconds>', 'longest the run may take, without its time in the queue (default: the service’s)').argParser(
        whole(1, 86_400),
      ),
    )
    .addOption(new Option('--priority <n>', 'higher goes first, -100 to 100').argParser(readPriority))
    .option('--require-valid', 'end with 1 where the certificate is suspect, too')
  withFormat(withBatch(command))
    .addHelpText(
      'after',
      `
The service keeps what it measured: an earlier valid run of the same content, settings, device and versions is the answer, unless --fresh
is given. Interrupting the command cancels the run that it queued. A service that asks for an API key gets the one in ARCHMETER_KEY,
of the role runner; it is no option, since others on this machine can read those.

Examples:
  archmeter run model.onnx --server http://localhost:3000 --device cuda:0
  export ARCHMETER_SERVER=http://gpu-host:3000
  archmeter run resnet50 --device cpu --runtime onnxruntime --batch 8 --label commit=$(git rev-parse HEAD)
  archmeter run model.onnx --device cuda:0 -f json | jq .result.latencyMs.p50`,
    )
    .action(async (model: string, options: Options) => {
      const run = await follow(connect(options.server, 'to run it'), model, options)
      report(runReport(run), options.format)
      const verdict = run.certificate?.verdict
      const good = run.status === 'succeeded' && verdict !== 'invalid' && (verdict === 'valid' || !options.requireValid)
      process.exitCode = good ? exitCodes.fine : exitCodes.overBudget
    })
}

function readPriority(text: string): number {
  const value = Number(text)
  if (!/^-?\d{1,3}$/.test(text) || Math.abs(value) > 100) throw new InvalidArgumentError('Write a whole number from -100 to 100.')
  return value
}

const say = (sentence: string): void => void process.stderr.write(`archmeter: ${sentence}\n`)

/** Registers, queues, and waits for the end. What happens is told on standard error. */
async function follow(client: Client, model: string, options: Options): Promise<Run> {
  const { device, runtime, backend, precision, batch, resolution, profile, fresh, label, timeout, priority, name, dims, inputShape } =
    options
  const architecture = await register(client, model, name, sizesOf(options))
  say(`${architecture.name} is architecture ${architecture.id}`)
  const given = { device, runtime, backend, precision, profile, fresh, priority }
  const { status, body } = await client.ask<Run>('/v1/runs', {
    method: 'POST',
    body: {
      ...{ architectureId: architecture.id, batch, labels: label },
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(resolution === undefined ? {} : { resolution: resolution.join('x') }),
      ...(dims === undefined ? {} : { dims: writtenDims(dims) }),
      ...(inputShape === undefined ? {} : { inputShape }),
      ...(timeout === undefined ? {} : { timeoutMs: 1000 * timeout }),
    },
  })
  for (const note of body.notes ?? []) say(note)
  const cancel = (signal: NodeJS.Signals) => {
    say(`run ${body.id} is cancelled`)
    client
      .ask(`/v1/runs/${body.id}`, { method: 'DELETE' })
      .catch((cause: Error) => say(cause.message))
      .finally(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  }
  // A run that was there before is somebody else's.
  const own = status === 202 && !ended(body)
  if (own) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, cancel)
  try {
    return await untilEnd(client, body)
  } finally {
    if (own) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, cancel)
  }
}

const words = {
  queued: 'is queued',
  running: 'is running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'was cancelled',
  timedOut: 'timed out',
}

async function untilEnd(client: Client, first: Run): Promise<Run> {
  let told = ''
  for (let run = first; ; ) {
    const { status, queue, id, device, runtime } = run
    const eta = queue?.etaMs ? `, starts in about ${Math.ceil(queue.etaMs / 1000)} s` : ''
    const now = queue ? `run ${id} is queued, place ${queue.position}${eta}` : `run ${id} ${words[status]} on ${device} by ${runtime}`
    if (now !== told) say((told = now))
    if (ended(run)) return run
    run = (await client.ask<Run>(`/v1/runs/${id}?wait=${waitSeconds[queue ? 'queued' : 'running']}`)).body
  }
}

const showMs = (value: number | null): string => (value === null ? 'too few samples' : `${Number(value.toPrecision(4))} ms`)

function runReport(run: Run): Report {
  const { architectureName, id, status, device, host, runtime, backend, batch, precision, result, certificate, error } = run
  const latency = result?.latencyMs
  const interval = latency?.medianCi95
  const rows: [string, string | number][] = result
    ? [
        ['median', showMs(latency!.p50)],
        ['median, 95 % interval', interval ? `${showMs(interval[0])} to ${showMs(interval[1])}` : 'too few samples'],
        ['p90', showMs(latency!.p90)],
        ['p99', showMs(latency!.p99)],
        ['mean', showMs(latency!.mean)],
        ['images per second', Number(result.throughputPerSecond.toPrecision(4))],
        ['samples', showExact(result.samples)],
        ['first call', showMs(result.firstRunMs)],
        ['load', showMs(result.loadMs)],
      ]
    : []
  const verdict = certificate?.verdict ?? 'none'
  return {
    json: run,
    csv: {
      columns: [
        'id',
        'architecture',
        'status',
        'device',
        'host',
        'runtime',
        'backend',
        'batch',
        'precision',
        'p50Ms',
        'ciLowMs',
        'ciHighMs',
        'throughputPerSecond',
        'verdict',
        'reasons',
      ],
      rows: [
        [
          ...[id, architectureName, status, device, host, runtime, backend, batch, precision],
          ...[latency?.p50 ?? '', interval?.[0] ?? '', interval?.[1] ?? '', result?.throughputPerSecond ?? '', verdict],
          certificate?.reasons.map(({ code }) => code).join(' ') ?? '',
        ],
      ],
    },
    sections: [
      {
        title: `${architectureName} ${words[status]}; ${device} of ${host}, ${runtime} (${backend}), batch ${batch}, ${precision}`,
        ...(rows.length > 0 ? { table: { columns: ['one call', ''], rows } } : {}),
        ...(error ? { notes: [`${error.code}: ${error.message}`] } : {}),
      },
      ...(certificate
        ? [{ title: `Certificate: ${verdict}`, notes: certificate.reasons.map(({ code, message }) => `${code}: ${message}`) }]
        : []),
    ],
  }
}
