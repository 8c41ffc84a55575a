import { Type } from 'typebox'
import { reference, referencedId } from '../graph.ts'
import { sameShape } from '../shape.ts'
import type { EditableNetwork } from './network.ts'
import { defineRewrite, type Site } from './rewrite.ts'
import { factor } from './shared/options.ts'
import { withoutSizes } from './shared/units.ts'

/** Layers between two tensors through which everything goes. */
interface Segment {
  from: string
  to: string
  layers: string[]
}

/** A stage: units in a row whose outputs have one shape. The first may change the shape, the others repeat. */
interface Stage extends Site {
  units: Segment[]
  /** Whether the first unit changes the shape, so that it has to stay. */
  changes: boolean
}

/** The tensors through which everything goes, in order, and what lies between each two. */
function segmentsOf(network: EditableNetwork): Segment[] {
  const layers = network.each()
  const position = new Map(layers.map(({ id }, i) => [id, i]))
  /** The last layer that reads a tensor made at or before a place. */
  const lastRead = (name: string): number =>
    network.isOutput(name) ? layers.length : network.readers(name).reduce((last, id) => Math.max(last, position.get(id) as number), -1)
  const segments: Segment[] = []
  let from = network.inputs.length === 1 ? (network.inputs[0]?.id as string) : ''
  let open: string[] = []
  // A layer is passed by everything where no tensor made before it is read after it.
  let reach = from === '' ? layers.length : lastRead(from)
  layers.forEach(({ id, type }, i) => {
    open.push(id)
    const more = network.readers(reference(id, 1)).length > 0
    if (reach <= i && !more && type !== 'Parameter') {
      segments.push({ from, to: id, layers: open })
      from = id
      open = []
    }
    reach = Math.max(reach, lastRead(id), more ? layers.length : -1)
  })
  return segments
}

const convolves = (network: EditableNetwork, { layers }: Segment): boolean => layers.some((id) => /^Conv\dd$/.test(network.get(id).type))

/** Segments joined to units: each begins with convolutions, and takes what follows without any, up to a change of shape. */
function stagesOf(network: EditableNetwork): Stage[] {
  const units: Segment[] = []
  let open = false
  for (const segment of segmentsOf(network)) {
    const last = units.at(-1)
    const sameSize = segment.from !== '' && sameShape(network.shape(segment.from), network.shape(segment.to))
    if (convolves(network, segment)) {
      units.push({ ...segment, layers: [...segment.layers] })
      open = true
    } else if (open && last && sameSize) {
      last.layers.push(...segment.layers)
      last.to = segment.to
    } else open = false
  }
  const stages: Stage[] = []
  for (const unit of units) {
    const last = stages.at(-1)
    const keeps = unit.from !== '' && sameShape(network.shape(unit.from), network.shape(unit.to))
    const follows = last && last.units.at(-1)?.to === unit.from
    if (follows && keeps) last.units.push(unit)
    else stages.push({ id: unit.to, units: [unit], changes: !keeps })
  }
  return stages
}

/** Adds a copy of a unit behind the tensor `x`, under ids of its own. Returns its last tensor. */
function copy(network: EditableNetwork, unit: Segment, x: string, n: number): string {
  const names = new Map([[unit.from, x]])
  for (const id of unit.layers) {
    const layer = network.get(id)
    const inputs = layer.inputs.map((name) => {
      const output = name.slice(referencedId(name).length)
      return names.get(name) ?? (names.has(referencedId(name)) ? `${names.get(referencedId(name))}${output}` : name)
    })
    names.set(id, network.add(layer.type, `${id}.copy${n}`, inputs, withoutSizes(layer.attributes)))
  }
  return names.get(unit.to) as string
}

/** Units of a stage after its depth is multiplied: at least one. */
const unitsFor = (count: number, times: number): number => Math.max(1, times > 1 ? Math.ceil(count * times) : Math.round(count * times))

/** Multiplies the units of each stage, as `scaleDepth` does. */
export function deepen(network: EditableNetwork, stages: readonly Stage[], times: number): void {
  for (const { units } of stages) {
    const wanted = unitsFor(units.length, times)
    const last = units.at(-1) as Segment
    if (wanted > units.length) {
      let x = last.to
      const own = new Set(network.layers.keys())
      for (let n = 1; n <= wanted - units.length; n++) x = copy(network, last, x, n)
      const copies = new Set([...network.layers.keys()].filter((id) => !own.has(id)))
      network.redirect(last.to, x, new Set([...copies, ...last.layers]))
    } else if (wanted < units.length) {
      const end = units[wanted - 1] as Segment
      network.redirect(last.to, end.to)
    }
  }
}

/** The stages of a network, each with why its depth cannot change. */
export function stages(network: EditableNetwork, times: number): Stage[] {
  return stagesOf(network).map((stage) => {
    const { units, changes } = stage
    const shared = units.flatMap(({ layers }) => layers).find((id) => network.sharing(id) !== undefined)
    const reason =
      shared !== undefined
        ? `${shared}: ${network.sharing(shared)}`
        : units.length === 1 && changes
          ? 'its stage is one unit that changes the shape: there is nothing to repeat'
          : unitsFor(units.length, times) === units.length
            ? `its stage has ${units.length} units, as many as with the factor`
            : undefined
    return { ...stage, ...(reason === undefined ? {} : { reason }) }
  })
}

/** Units of each stage × d: flops and weights × d, about. */
export const scaleDepth = defineRewrite({
  name: 'scaleDepth',
  asMuchAsAsked: true,
  summary: 'Each stage has more or fewer of the units that keep its shape: residual blocks, or convolutions in a row.',
  givesUp: 'Below 1 accuracy, above 1 cost, and layers that wait for each other. Units added are learned anew.',
  source: 'Tan and Le, "EfficientNet", ICML 2019: the depth coefficient, rounded up',
  options: Type.Object({ factor: factor(0.5, 'Times the units of each stage; at least one stays.') }, { additionalProperties: false }),
  sites: (network, { factor }) => stages(network, factor),
  apply: (network, sites: readonly Stage[], { factor }) => deepen(network, sites, factor),
})
