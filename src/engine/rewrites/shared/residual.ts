import type { EditableLayer, EditableNetwork } from '../network.ts'
import { type ConvUnit, unitOf } from './units.ts'

/** A residual block: what its addition joins, both from one tensor. */
export interface ResidualBlock {
  /** Id of the addition. */
  id: string
  /** The tensor that both branches read. */
  input: string
  /** Convolutions of the longer branch with what follows each, in order. */
  body: ConvUnit[]
  /** Those of the shortcut; none where it is the identity. */
  shortcut: ConvUnit[]
}

/** The convolutions that lead to a tensor, back to one that is read by others as well; null where anything else stands between. */
function branchTo(network: EditableNetwork, end: string): { units: ConvUnit[]; start: string } | null {
  const units: ConvUnit[] = []
  let at = end
  let chain = new Set<string>()
  for (;;) {
    const maker = network.maker(at)
    if (!maker || network.readers(at).length !== 1 || network.isOutput(at)) break
    if (maker.inputs.length !== 1) break
    chain.add(maker.id)
    at = maker.inputs[0] as string
    if (maker.type === 'Conv2d') {
      const unit = unitOf(network, maker.id)
      const members = [unit.conv, unit.norm, unit.activation].filter((layer): layer is EditableLayer => layer !== undefined)
      // Whatever else was passed on the way, such as a gate or a pooling, is no part of a plain block.
      if (members.length !== chain.size || members.some(({ id }) => !chain.has(id))) return null
      units.unshift(unit)
      chain = new Set()
    }
  }
  return chain.size > 0 ? null : { units, start: at }
}

/** The residual block that an addition ends, or null where it ends none of plain convolutions. */
function blockAt(network: EditableNetwork, add: EditableLayer): ResidualBlock | null {
  if (add.inputs.length !== 2) return null
  const [a, b] = add.inputs.map((name) => branchTo(network, name))
  if (!a || !b || a.start !== b.start) return null
  const [body, shortcut] = a.units.length >= b.units.length ? [a, b] : [b, a]
  return { id: add.id, input: a.start, body: body.units, shortcut: shortcut.units }
}

/** Every addition of the network with the block that it ends, in graph order. */
export const residualBlocks = (network: EditableNetwork): { id: string; block: ResidualBlock | null }[] =>
  network.each('Add').map(({ id }) => ({ id, block: blockAt(network, network.get(id)) }))

/** Windows of a branch in words: 3×3, 3×3. */
export const windowsOf = (units: readonly ConvUnit[]): string =>
  units.map(({ conv }) => (conv.attributes.kernelSize as number[]).join('×')).join(', ')
