import type { Costs, LayerCost } from '../../cost.ts'
import { EngineError } from '../../errors.ts'
import { referencedId } from '../../graph.ts'
import { partsOfName } from '../../rank-costs.ts'

/** What is drawn as one: an input of the network, a layer, or a block of layers. */
export interface Box {
  key: string
  /** The layer's id, or the leading parts of a name that its layers share. */
  label: string
  /** In graph order; none for an input. */
  layers: LayerCost[]
}

export interface Arrow {
  from: string
  to: string
  /** The first tensor that goes this way, and how many do. */
  tensor: string
  tensors: number
}

export interface Folded {
  boxes: Box[]
  /** One for each pair of boxes that tensors go between. */
  arrows: Arrow[]
}

/** As far as this blocks are opened where no depth is asked for: what is easy to take in. */
export const easyBoxes = 60
/** More are not laid out. */
export const mostBoxes = 1000

interface Block extends Box {
  /** Parts of its name. */
  level: number
  children: Block[]
}

/**
 * A network as boxes and arrows, blocks folded. Blocks go by the parts of names, as PyTorch names modules: `layer1.0.conv1`
 * lies in `layer1.0`, that in `layer1`.
 * @param depth leading parts of a name that make a block; whole levels, as far as they are easy to take in, where left out.
 * @throws EngineError LIMIT_EXCEEDED where that is more than `mostBoxes`.
 */
export function foldNetwork({ inputs, layers }: Pick<Costs, 'inputs' | 'layers'>, depth?: number): Folded {
  const tree = treeOf(layers)
  const drawn: Box[] = inputs.map(({ id }) => ({ key: `input ${id}`, label: id, layers: [] }))
  const folded = depth === undefined ? openEasily(gather({ ...tree })) : openTo(tree, depth)
  if (drawn.length + folded.length > mostBoxes) {
    const many = `${drawn.length + folded.length} boxes are more than the ${mostBoxes} that are laid out`
    throw new EngineError('LIMIT_EXCEEDED', depth === undefined ? many : `${many}: ask for a smaller depth, or leave it out`)
  }
  drawn.push(...folded.map(({ key, label, layers: of }) => ({ key, label, layers: of })))
  return { boxes: drawn, arrows: arrowsOf(drawn, inputs) }
}

function arrowsOf(boxes: readonly Box[], inputs: Costs['inputs']): Arrow[] {
  const home = new Map<string, string>(inputs.map(({ id }) => [id, `input ${id}`]))
  for (const { key, layers } of boxes) for (const { id } of layers) home.set(id, key)
  const arrows = new Map<string, Arrow>()
  for (const { key: to, layers } of boxes)
    for (const layer of layers)
      for (const tensor of layer.inputs) {
        const from = home.get(referencedId(tensor)) as string
        if (from === to) continue
        const arrow = arrows.get(`${from}\n${to}`)
        if (arrow) arrow.tensors += 1
        else arrows.set(`${from}\n${to}`, { from, to, tensor, tensors: 1 })
      }
  return [...arrows.values()]
}

function treeOf(layers: readonly LayerCost[]): Block {
  const root: Block = { key: '', label: '', level: 0, layers: [], children: [] }
  const known = new Map<string, Block>([['', root]])
  for (const layer of layers) {
    const { parts, separator } = partsOfName(layer.id)
    let parent = root
    for (let level = 1; level < parts.length; level++) {
      const label = parts.slice(0, level).join(separator)
      let block = known.get(label)
      if (!block) {
        known.set(label, (block = { key: `block ${label}`, label, level, layers: [], children: [] }))
        parent.children.push(block)
      }
      block.layers.push(layer)
      parent = block
    }
    parent.children.push({ key: `layer ${layer.id}`, label: layer.id, level: parts.length, layers: [layer], children: [] })
  }
  root.layers = [...layers]
  return root
}

/** Each block that has `depth` parts of a name, or the layer where it has fewer. A block of one layer is that layer. */
function openTo(block: Block, depth: number): Block[] {
  const drawn: Block[] = []
  const walk = (each: Block): void => {
    if (each.layers.length === 1 && each.children[0]) walk(each.children[0])
    else if (each.children.length > 0 && each.level < depth) for (const child of each.children) walk(child)
    else drawn.push(each)
  }
  walk(block)
  return drawn
}

/** Blocks of one thing become that thing, and long lists are gathered into consecutive parts: names may have no parts at all. */
function gather(block: Block): Block {
  let children = block.children.map(gather)
  if (children.length === 1 && block.level > 0) return children[0]!
  if (children.length > easyBoxes) {
    const size = Math.ceil(children.length / Math.ceil(Math.sqrt(children.length)))
    const parts: Block[] = []
    for (let start = 0; start < children.length; start += size) {
      const part = children.slice(start, start + size)
      const [first, last] = [part[0]!, part.at(-1)!]
      const label = `${first.label} … ${last.label}`
      if (part.length === 1) parts.push(first)
      else
        parts.push({
          key: `part ${first.key}`,
          label,
          level: block.level + 1,
          layers: part.flatMap(({ layers }) => layers),
          children: part,
        })
    }
    children = parts.length > easyBoxes ? gather({ ...block, children: parts }).children : parts
  }
  return { ...block, children }
}

/** Whole levels, as long as they are easy to take in. */
function openEasily({ children }: Block): Block[] {
  for (let drawn = children; ; ) {
    const next = drawn.flatMap((block) => (block.children.length > 0 ? block.children : [block]))
    if (next.length === drawn.length || next.length > easyBoxes) return drawn
    drawn = next
  }
}
