import { exact } from '../exact.ts'
import { aliveAt, type BufferLife, type Life } from '../memory/lives.ts'
import { bestCuts } from './cuts.ts'
import { closeParts, emptyPart, type Placed, type Transfer } from './placement.ts'
import { isStored, type Work } from './work.ts'

/**
 * Layers in consecutive parts, in the order of the graph, each on a device of its own: a pipeline. Across a cut goes every tensor made
 * before it, or given to the network, that is read behind it; what a later part reads passes through the devices between. A device
 * holds what it received while it runs, until the last reader. A network output stays where it is made.
 * @param devices at most as many as there are layers.
 */
export function placeStages({ layers, buffers, graph, widths, perByte }: Work, devices: number): Placed {
  const n = layers.length
  const crossing = new Array<number>(n + 1).fill(0)
  for (const { size, from, to } of buffers)
    if (to > from) {
      crossing[Math.max(from + 1, 0)]! += size
      crossing[to + 1]! -= size
    }
  for (let i = 1; i <= n; i++) crossing[i] = exact(crossing[i]! + crossing[i - 1]!)
  const traffic = crossing.slice(0, n)
  const { cuts } = bestCuts({ costs: layers.map(({ cost }) => cost), traffic, perByte, parts: devices })
  const starts = [0, ...cuts]
  const ends = [...cuts, n]
  const deviceOf = (step: number): number => ends.findIndex((end) => step < end)
  const parts = starts.map((start, device) => {
    const part = emptyPart(device)
    const own = layers.slice(start, ends[device])
    part.layers = own.length
    part.firstLayerId = own[0]!.layer.id
    part.lastLayerId = own.at(-1)!.layer.id
    for (const { row, cost, ownBytes } of own) {
      part.params += row.params
      part.macs += row.macs
      part.flops += row.flops
      part.cost += cost
      part.weightBytes += ownBytes
    }
    if (device > 0) part.receivedBytes = traffic[start]!
    if (device + 1 < devices) part.sentBytes = traffic[ends[device]!]!
    part.peakActivationBytes = peakOf(buffers, new Set(graph.outputs), start, ends[device]!)
    return part
  })
  // Weights that layers of several parts compute with are on each of these devices.
  const step = new Map(layers.map(({ layer }, i) => [layer.id, i]))
  const storedAs = new Map<string, string>()
  const held = new Set<string>()
  layers.forEach((placed, i) => {
    const { layer, readBytes } = placed
    if (isStored(layer)) storedAs.set(layer.id, layer.id)
    else if (widths.isView(placed) && storedAs.has(layer.inputs[0]!)) storedAs.set(layer.id, storedAs.get(layer.inputs[0]!)!)
    const owners = layer.inputs.flatMap((name) => storedAs.get(name) ?? [])
    for (const owner of layer.weightsOf === undefined ? owners : [layer.weightsOf, ...owners]) {
      const [there, here] = [deviceOf(step.get(owner)!), deviceOf(i)]
      if (there === here || held.has(`${here} ${owner}`)) continue
      held.add(`${here} ${owner}`)
      const bytes = owner === layer.weightsOf ? readBytes : layers[step.get(owner)!]!.readBytes
      parts[here]!.weightBytes += bytes
      parts[here]!.copiedWeightBytes += bytes
    }
  })
  closeParts(parts)
  const transfers = cuts.flatMap((cut, i): Transfer[] =>
    buffers
      .filter(({ from, to, size }) => from < cut && to >= cut && size > 0)
      .map(({ name, size }) => ({ layerId: layers[cut]!.layer.id, tensor: name, bytes: size, from: [i], to: [i + 1] })),
  )
  return {
    ...{ parts, transfers, trafficBytes: cuts.reduce((sum, cut) => exact(sum + traffic[cut]!), 0) },
    bottleneck: slowest(
      parts.map(({ cost }) => cost),
      cuts.map((cut) => traffic[cut]! * perByte),
    ),
    ...{ undivided: [], approximate: [] },
  }
}

/** The first device, or else link, that costs the most. */
function slowest(devices: readonly number[], links: readonly number[]): Placed['bottleneck'] {
  const [device, link] = [Math.max(...devices), Math.max(0, ...links)]
  return link > device
    ? { cost: link, at: 'link', device: links.indexOf(link) }
    : { cost: device, at: 'device', device: devices.indexOf(device) }
}

/** Most bytes of activations alive at once in the steps of a part. */
function peakOf(buffers: readonly BufferLife[], outputs: ReadonlySet<string>, start: number, end: number): number {
  const lives: Life[] = buffers
    .map((each) => {
      const stays = each.from >= start && each.from < end && [each.name, ...each.others].some((name) => outputs.has(name))
      return { ...each, from: each.from < start ? -1 : each.from - start, to: stays ? end - start : each.to - start }
    })
    .filter(({ from, to }, i) => buffers[i]!.from < end && to >= 0 && from < end - start)
  const { start: before, at } = aliveAt(lives, end - start)
  return at.reduce((most, amount) => Math.max(most, amount), before)
}
