import { type Command, InvalidArgumentError, Option } from 'commander'
import { conventions } from '../engine/conventions/index.ts'
import type { CostOptions } from '../engine/cost.ts'
import { type CostDtype, costDtypes } from '../engine/dtypes.ts'
import { type Additive, additive, type Grouping, groupings } from '../engine/rank-costs.ts'
import { readDims, readInputShape } from '../engine/written-sizes.ts'
import { CliError } from './failure.ts'
import { type OutputFormat, outputFormats } from './output.ts'

/** Options of every command that counts. */
export interface Counting extends Sizes {
  convention: string
  batch: number
  resolution?: readonly [number, number]
  dtype?: CostDtype
}

/** Reads a whole number within bounds. @throws InvalidArgumentError saying them. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`)
    return value
  }

function readResolution(text: string): [number, number] {
  const [, height, width] = /^([1-9]\d{0,8})(?:x([1-9]\d{0,8}))?$/.exec(text) ?? []
  if (height === undefined) throw new InvalidArgumentError('Write 224, or 224x320 for height 224 and width 320.')
  return [Number(height), Number(width ?? height)]
}

export const conventionOption = (flags: string, description: string): Option =>
  new Option(flags, description).choices(conventions.map(({ name }) => name))

/** What an option is read by, its fault as commander shows it. */
const read =
  <T>(by: (text: string) => T) =>
  (text: string): T => {
    try {
      return by(text)
    } catch (cause) {
      throw new InvalidArgumentError(`${(cause as Error).message}.`)
    }
  }

/** Sizes that a file leaves open. */
export interface Sizes {
  dims?: Readonly<Record<string, number>>
  inputShape?: readonly number[]
}

/** Adds `--dims` and `--input-shape`. */
const withSizes = (command: Command): Command =>
  command
    .addOption(
      new Option('--dims <sizes>', 'sizes that an ONNX file leaves open, by the names it has for them: height:640,width:640').argParser(
        read(readDims),
      ),
    )
    .addOption(
      new Option('--input-shape <sizes>', 'shape of one image of the one input, where the file leaves it open: 3,640,640').argParser(
        read(readInputShape),
      ),
    )

/** Sizes that were asked for, as `load` takes them. */
export const sizesOf = ({ dims, inputShape }: Sizes): Sizes => ({ ...(dims ? { dims } : {}), ...(inputShape ? { inputShape } : {}) })

const batchOption = (): Option => new Option('--batch <n>', 'images per call').argParser(whole(1, 2 ** 31 - 1)).default(1)

/** Adds `--batch`, and sizes that a file leaves open. */
export const withBatchAlone = (command: Command): Command => withSizes(command.addOption(batchOption()))

/** Adds the same, and `--resolution`. */
export const withBatch = (command: Command): Command =>
  withBatchAlone(command).addOption(
    new Option('--resolution <size>', 'height and width of the input in place of its own: 224, or 224x320').argParser(readResolution),
  )

export const dtypeOption = (): Option =>
  new Option(
    '--dtype <type>',
    'what an element is stored as: one type, or file, as the file has it (default: file where it has types other than float32, else float32)',
  ).choices(costDtypes)

/** Adds what every command takes that counts: convention, batch, resolution, dtype. */
export const withCounting = (command: Command): Command =>
  withBatch(command.addOption(conventionOption('--convention <name>', 'how flops are counted').default('lecture'))).addOption(dtypeOption())

export interface Ranked {
  by: Grouping
  sort?: Additive
  top?: number
  depth: number
}

/** Adds what rows are and how they are sorted and cut. @param by the default of `--by`. */
export const withRanking = (command: Command, by: Grouping): Command =>
  command
    .addOption(
      new Option('--by <what>', 'rows: layers, or groups of them by op, resolution (stage) or block').choices([...groupings]).default(by),
    )
    .addOption(new Option('--sort <column>', 'largest first; without it, in the order of the network').choices([...additive]))
    .addOption(new Option('--top <n>', 'that many rows, and one with the rest').argParser(whole(1, 1_000_000)))
    .addOption(new Option('--depth <n>', 'with --by block: leading parts of a name that make a block').argParser(whole(1, 20)).default(2))

/** Adds `--format` and `--no-color`. */
export const withFormat = (command: Command, format: OutputFormat = 'table'): Command =>
  command
    .addOption(new Option('-f, --format <format>', 'how to write it').choices([...outputFormats]).default(format))
    .option('--no-color', 'no colors, also on a terminal')

/** Counting options as the engine takes them. */
export const costOptions = ({ convention, batch, resolution, dtype }: Counting): CostOptions => ({
  ...{ convention, batch },
  ...(dtype ? { dtype } : {}),
  ...(resolution ? { resolution } : {}),
})

/** Ranking options as the engine takes them. @throws CliError where one would mean nothing. */
export function rankOptions({ by, sort, top, depth }: Ranked, command: Command) {
  if (by !== 'block' && command.getOptionValueSource('depth') === 'cli') throw new CliError(`--depth is for --by block, not for --by ${by}`)
  return { groupBy: by, depth, ...(sort ? { sort } : {}), ...(top ? { top } : {}) }
}

/** Adds `--server`, for commands that ask a service; `connect` takes it. */
export const withServer = (command: Command): Command =>
  command.addOption(new Option('--server <url>', 'the service, such as http://localhost:3000').env('ARCHMETER_SERVER'))

/** Adds `--server`, and on what it runs a model: `--device` and `--runtime`. */
export const withTarget = (command: Command): Command =>
  withServer(command)
    .option('--device <device>', 'cuda:0, cpu, host/cuda:0 or a UUID; may be left out where the service has one device')
    .option('--runtime <name>', 'onnxruntime or tfjs; may be left out where one works on the device')
