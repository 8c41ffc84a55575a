import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  mostDevices,
  type Placement,
  type PlacementCost,
  type PlacementOptions,
  type PlacementWay,
  placementCosts,
  placementWays,
  placeNetwork,
} from '../../engine/placement/index.ts'
import { CliError } from '../failure.ts'
import { load } from '../load.ts'
import { type Counting, costOptions, sizesOf, whole, withCounting, withFormat } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'
import { readQuantity, showBytes, showCount, showMs, showPart } from '../quantity.ts'

interface Options extends Counting {
  devices: number
  by: PlacementWay
  cost: PlacementCost
  perByte?: number
  flopsPerSecond?: number
  bytesPerSecond?: number
  linkBytesPerSecond?: number
  format: OutputFormat
}

function readRate(text: string): number {
  const value = readQuantity(text.replace(/\/s$/, ''))
  if (value <= 0) throw new InvalidArgumentError('A device does more than nothing in a second: write 10T or 900G.')
  return value
}

/** `archmeter place`: a network split over devices. */
export function addPlace(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program.command('place').argument('<model>', 'a file, a preset of the zoo, or - for standard input')
  command
    .summary('the network split over devices, by stage or by tower')
    .description(
      'What each device computes and holds, and what goes between them: consecutive layers cut where the slowest is as fast as can be, or each layer divided along its channels.',
    )
  withFormat(withCounting(command))
    .addOption(new Option('--devices <n>', 'equal devices').argParser(whole(1, mostDevices)).default(2))
    .addOption(new Option('--by <way>', 'stage: consecutive layers; tower: channels').choices([...placementWays]).default('stage'))
    .addOption(new Option('--cost <what>', 'what is balanced').choices([...placementCosts]).default('macs'))
    .addOption(
      new Option('--per-byte <n>', 'what a byte between devices counts, in the unit of --cost (default: 0)').argParser(readQuantity),
    )
    .addOption(new Option('--flops-per-second <n>', 'with --cost time: what a device computes at most').argParser(readRate))
    .addOption(new Option('--bytes-per-second <n>', 'with --cost time: what a device moves at most').argParser(readRate))
    .addOption(new Option('--link-bytes-per-second <n>', 'with --cost time: what goes between devices at most').argParser(readRate))
    .addHelpText(
      'after',
      `
Examples:
  archmeter place alexnet_2012 --by tower                   the two towers of the paper, and where they meet
  archmeter place resnet50 --devices 4                      a pipeline of four parts, as level as can be
  archmeter place vgg16 --devices 4 --per-byte 1000         where a device does 1000 multiply-adds while a byte goes over
  archmeter place vgg16 --cost time --flops-per-second 10T --bytes-per-second 900G --link-bytes-per-second 16G`,
    )
    .action(async (model: string, options: Options) => {
      const { name, graph } = await load(model, sizesOf(options))
      report(placementReport(name, placeNetwork(graph, placementOptions(options))), options.format)
    })
}

/** Options as the engine takes them. @throws CliError where one would mean nothing, or is missing. */
function placementOptions({ devices, by, cost, perByte, flopsPerSecond, bytesPerSecond, linkBytesPerSecond, ...counting }: Options) {
  const rates = [flopsPerSecond, bytesPerSecond, linkBytesPerSecond]
  const names = '--flops-per-second, --bytes-per-second and --link-bytes-per-second'
  if (cost === 'time' && rates.includes(undefined)) throw new CliError(`--cost time needs ${names}`)
  if (cost !== 'time' && rates.some((rate) => rate !== undefined)) throw new CliError(`${names} are for --cost time`)
  if (cost === 'time' && perByte !== undefined)
    throw new CliError('with --cost time --link-bytes-per-second says what a byte costs: leave --per-byte out')
  const options: PlacementOptions = { ...costOptions(counting), devices, by, cost, perByte: perByte ?? 0 }
  if (cost !== 'time') return options
  const [flops, bytes, link] = rates as [number, number, number]
  return { ...options, ceilings: { flopsPerSecond: flops, bytesPerSecond: bytes, linkBytesPerSecond: link } }
}

function placementReport(name: string, placement: Placement): Report {
  const { by, devices, unit, parts, transfers, bottleneck, balance, trafficBytes, undivided, approximate, convention, batch, dtype } =
    placement
  const show = (value: number) => (unit === 'ms' ? showMs(value) : unit === 'bytes' ? showBytes(value) : showCount(value))
  const where = bottleneck.at === 'device' ? `device ${bottleneck.device}` : `the link behind device ${bottleneck.device}`
  return {
    json: { name, ...placement },
    csv: {
      columns: Object.keys(parts[0]!),
      rows: parts.map((part) => Object.values(part).map((value) => value ?? '')),
    },
    sections: [
      {
        title: `${name}: ${devices} ${devices === 1 ? 'device' : 'devices'} by ${by}; batch ${batch}, ${dtype}, convention ${convention}`,
        table: {
          columns: [
            'device',
            'from',
            'to',
            'params',
            'macs',
            unit === 'ms' ? 'time' : `cost (${unit})`,
            '%',
            'weights',
            'peak',
            'received',
            'sent',
          ],
          rows: parts.map((part) => [
            ...[
              part.device,
              part.firstLayerId ?? '',
              part.lastLayerId ?? '',
              showCount(part.params),
              showCount(part.macs),
              show(part.cost),
            ],
            ...[showPart(part.share), showBytes(part.weightBytes), showBytes(part.peakBytes), showBytes(part.receivedBytes)],
            showBytes(part.sentBytes),
          ]),
        },
        notes: [
          `The slowest is ${where}, ${show(bottleneck.cost)}; the balance is ${showPart(balance)} of what all could do meanwhile.`,
          ...(undivided.length > 0 ? [`Not divided, on device 0: ${listed(undivided)}.`] : []),
          ...(approximate.length > 0 ? [`Without neighbors on other devices, so that the border differs: ${listed(approximate)}.`] : []),
        ],
      },
      transfers.length === 0
        ? { title: 'Nothing goes between devices' }
        : {
            title: `Between devices, ${showBytes(trafficBytes)} a call`,
            table: {
              columns: ['before', 'tensor', 'bytes', 'from', 'to'],
              rows: transfers.map(({ layerId, tensor, bytes, from, to }) => [
                layerId,
                tensor,
                showBytes(bytes),
                from.join(' '),
                to.join(' '),
              ]),
            },
          },
    ],
  }
}

const listed = (ids: readonly string[]): string =>
  ids.length > 8 ? `${ids.slice(0, 8).join(', ')} and ${ids.length - 8} more` : ids.join(', ')
