import { exact } from '../exact.ts'
import { reference } from '../graph.ts'
import { inputShape } from '../infer.ts'
import { aliveAt, type Life } from '../memory/lives.ts'
import { numel, type Shape } from '../shape.ts'
import { type Interval, missing, united } from './intervals.ts'
import { closeParts, emptyPart, type Placed, type Transfer } from './placement.ts'
import { isStored, type PlacedLayer, type Work } from './work.ts'

/** Where the channels of a tensor are. */
interface Whereabouts {
  channels: number
  /** Device p makes those from `bounds[p]` to below `bounds[p + 1]`; null where each device has them from the start. */
  bounds: number[] | null
  /** What each device has by now, its own and what it received. */
  held: Interval[][]
  elements: number
}

/** Channels in as equal runs as can be, one a device. */
const evenly = (channels: number, devices: number): number[] =>
  Array.from({ length: devices + 1 }, (_, p) => Number((BigInt(p) * BigInt(channels)) / BigInt(devices)))

/** The part of a count that belongs to the channels of an interval, so that those of all devices add up to it. */
const partOf = (count: number, [from, to]: Interval, channels: number): number => {
  const below = (channel: number) => (BigInt(count) * BigInt(channel)) / BigInt(channels)
  return Number(below(to) - below(from))
}

/**
 * Each layer divided along its output channels, the same run of them on a device from layer to layer: towers, as AlexNet of 2012
 * (Krizhevsky et al., section 3.5). Layers with multiply-adds are divided evenly; others stay where their input is. A device receives the
 * input channels that its outputs are made of and that it lacks, once, and keeps them until their last reader; a convolution in as many
 * groups as there are devices lacks none. Every device has the inputs of the network. A layer whose channels cannot be made apart is
 * computed by device 0. Layers that read neighboring channels make do with those of their tower.
 */
export function placeTowers(work: Work, devices: number): Placed {
  const { graph, layers, buffers, widths, options, perByte } = work
  const parts = Array.from({ length: devices }, (_, device) => emptyPart(device))
  const where = new Map<string, Whereabouts>()
  const lives: Life[][] = parts.map(() => [])
  const transfers: Transfer[] = []
  const [undivided, approximate]: [string[], string[]] = [[], []]
  const everywhere = (shape: Shape): Whereabouts => {
    const channels = shape[1] ?? 1
    return { channels, bounds: null, held: parts.map(() => [[0, channels]]), elements: numel(shape) }
  }
  const shapeOf = new Map<string, Shape>(graph.inputs.map((input) => [input.id, inputShape(input, options)]))
  for (const [id, shape] of shapeOf) where.set(id, everywhere(shape))
  const lastUse = new Map<string, number>(buffers.flatMap(({ name, others, to }) => [name, ...others].map((each) => [each, to])))
  const bytesOf = (name: string, { elements, channels }: Whereabouts, count: number) =>
    count === 0 ? 0 : widths.outputBytes(name, (elements / channels) * count)

  layers.forEach((placed, step) => {
    const { layer, op, inputs, outputs } = placed
    if (isStored(layer)) {
      // A weight: device 0 has it, the others a copy.
      outputs.forEach((shape, i) => where.set(reference(layer.id, i), everywhere(shape)))
      addWeights(parts, placed)
      return
    }
    if (widths.isView(placed) && where.get(layer.inputs[0]!)?.bounds === null) {
      where.set(layer.id, everywhere(outputs[0]!))
      for (const part of parts) addShare(part, placed, part.device === 0 ? [0, 1] : [1, 1], 1)
      return
    }
    const channels = outputs[0]?.[1] ?? 0
    const read = (from: number, to: number) => op.channelsRead?.(from, to, { inputs, outputs }, layer.attributes) ?? null
    const apart = outputs.length === 1 && channels > 0 && read(0, channels) !== null
    if (!apart) undivided.push(layer.id)
    const bounds = apart ? boundsOf(placed, where.get(layer.inputs[0]!), devices) : [0, ...parts.map(() => Math.max(channels, 1))]
    const near = apart && op.readsNeighborChannels === true
    let short = false
    for (let p = 0; p < devices; p++) {
      const own: Interval = [bounds[p]!, bounds[p + 1]!]
      if (own[0] === own[1]) continue
      addShare(parts[p]!, placed, own, bounds.at(-1)!)
      const needs = apart ? read(...own)! : inputs.map((shape): Interval => [0, shape[1] ?? 1])
      layer.inputs.forEach((name, i) => {
        const there = where.get(name)!
        const lacking = missing(there.held[p]!, needs[i]!)
        if (lacking === 0) return
        if (near) {
          short = true
          return
        }
        const bytes = bytesOf(name, there, lacking)
        receive(transfers, parts, { layerId: layer.id, tensor: name, bytes }, p, there, needs[i]!)
        there.held[p] = united(there.held[p]!, needs[i]!)
        lives[p]!.push({ name, size: bytes, from: step, to: Math.max(step, lastUse.get(name) ?? step) })
      })
    }
    if (short) approximate.push(layer.id)
    outputs.forEach((shape, i) => {
      const size = shape[1] ?? 1
      const own = i === 0 ? bounds : [0, ...parts.map(() => size)]
      const held = parts.map((_, p): Interval[] => (own[p] === own[p + 1] ? [] : [[own[p]!, own[p + 1]!]]))
      where.set(reference(layer.id, i), { channels: own.at(-1)!, bounds: own, held, elements: numel(shape) })
    })
  })
  const outputs = new Set(graph.outputs)
  for (const { name, others, size, from, to } of buffers) {
    const there = where.get(name)!
    const stays = [name, ...others].some((each) => outputs.has(each))
    parts.forEach((_, p) => {
      const count = there.bounds ? there.bounds[p + 1]! - there.bounds[p]! : there.channels
      const own = size === 0 ? 0 : bytesOf(name, there, count)
      if (own > 0) lives[p]!.push({ name, size: own, from, to: stays ? layers.length : to })
    })
  }
  parts.forEach((part, p) => {
    const { start, at } = aliveAt(lives[p]!, layers.length)
    part.peakActivationBytes = at.reduce((most, amount) => Math.max(most, amount), start)
  })
  for (const { from, to } of transfers) for (const list of [from, to]) list.sort((a, b) => a - b)
  closeParts(parts)
  const costs = parts.map(({ cost, receivedBytes }) => cost + receivedBytes * perByte)
  const most = Math.max(...costs)
  return {
    ...{ parts, transfers, trafficBytes: parts.reduce((sum, { receivedBytes }) => exact(sum + receivedBytes), 0) },
    bottleneck: { cost: most, at: 'device', device: costs.indexOf(most) },
    ...{ undivided, approximate },
  }
}

/** Channels of a layer by device. */
function boundsOf({ outputs, inputs, row }: PlacedLayer, first: Whereabouts | undefined, devices: number): number[] {
  const channels = outputs[0]![1]!
  const from = first?.bounds
  const stays = row.macs === 0 && from && channels % first.channels === 0 && (inputs.length === 1 || channels === first.channels)
  return stays ? from.map((bound) => (bound * channels) / first.channels) : evenly(channels, devices)
}

/** Gives a device its share of what a layer costs. */
function addShare(part: Placed['parts'][number], { layer, row, ownBytes, cost }: PlacedLayer, own: Interval, channels: number): void {
  part.layers++
  part.firstLayerId ??= layer.id
  part.lastLayerId = layer.id
  part.params += partOf(row.params, own, channels)
  part.macs += partOf(row.macs, own, channels)
  part.flops += partOf(row.flops, own, channels)
  part.weightBytes += partOf(ownBytes, own, channels)
  part.cost += Number.isInteger(cost) ? partOf(cost, own, channels) : (cost * (own[1] - own[0])) / channels
}

/** A stored tensor: on device 0, copied to the others. */
function addWeights(parts: Placed['parts'], placed: PlacedLayer): void {
  addShare(parts[0]!, placed, [0, 1], 1)
  for (const part of parts.slice(1)) {
    part.weightBytes += placed.ownBytes
    part.copiedWeightBytes += placed.ownBytes
  }
}

/** Notes that device `p` receives what it lacks of a tensor, and who sends it. */
function receive(
  transfers: Transfer[],
  parts: Placed['parts'],
  { layerId, tensor, bytes }: Pick<Transfer, 'layerId' | 'tensor' | 'bytes'>,
  p: number,
  { bounds, held }: Whereabouts,
  need: Interval,
): void {
  const last = transfers.at(-1)
  let transfer = transfers.findLast((each) => each.layerId === layerId && each.tensor === tensor)
  if (last?.layerId !== layerId || !transfer) transfers.push((transfer = { layerId, tensor, bytes: 0, from: [], to: [] }))
  transfer.bytes = exact(transfer.bytes + bytes)
  if (!transfer.to.includes(p)) transfer.to.push(p)
  parts[p]!.receivedBytes = exact(parts[p]!.receivedBytes + bytes)
  // Each sends what it made itself of what is lacking.
  const lacking = missing(held[p]!, need)
  let left = bytes
  const senders = parts.map((_, q) => {
    const own: Interval = [Math.max(need[0], bounds![q]!), Math.min(need[1], bounds![q + 1]!)]
    return own[0] < own[1] ? missing(held[p]!, own) : 0
  })
  senders.forEach((count, q) => {
    if (count === 0) return
    const rest = senders.slice(q + 1).every((each) => each === 0)
    const sent = rest ? left : Math.floor((bytes * count) / lacking)
    left -= sent
    parts[q]!.sentBytes = exact(parts[q]!.sentBytes + sent)
    if (!transfer.from.includes(q)) transfer.from.push(q)
  })
}
