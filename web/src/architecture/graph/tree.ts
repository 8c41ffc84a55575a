import type { Row } from '../rows.ts'

/** A layer, or a block of layers that may be opened. `layers` are indices into the rows, in order. */
export interface Block {
  key: string
  label: string
  layers: number[]
  children: Block[]
}

/** More children than this are gathered into consecutive parts, so that opening one block never draws thousands. */
const mostChildren = 60
/** As far as this the blocks are open at first. */
const mostAtFirst = 48

/** Blocks by the dots in the ids of layers, as PyTorch names modules: `layer1.0.conv1` lies in `layer1.0`, that in `layer1`. */
export function treeOf(rows: Row[]): Block[] {
  const root: Block = { key: '', label: '', layers: [], children: [] }
  const known = new Map<string, Block>([['', root]])
  rows.forEach(({ cost }, index) => {
    const parts = cost.id.split('.')
    let parent = root
    for (let depth = 1; depth <= parts.length; depth++) {
      const leaf = depth === parts.length
      const key = leaf ? `layer:${cost.id}` : parts.slice(0, depth).join('.')
      let block = known.get(key)
      if (!block) {
        block = { key, label: leaf ? cost.id : key, layers: [], children: [] }
        known.set(key, block)
        parent.children.push(block)
      }
      block.layers.push(index)
      parent = block
    }
  })
  return trimmed(root).children
}

function trimmed(block: Block): Block {
  let children = block.children.map(trimmed)
  // A block of one thing is that thing.
  if (children.length === 1 && block.key !== '') return children[0]!
  if (children.length > mostChildren) {
    const size = Math.ceil(children.length / Math.ceil(Math.sqrt(children.length)))
    const parts: Block[] = []
    for (let start = 0; start < children.length; start += size) {
      const part = children.slice(start, start + size)
      const first = part[0]!
      const last = part.at(-1)!
      parts.push(
        part.length === 1
          ? first
          : trimmed({
              key: `${block.key}[${start}]`,
              label: `${first.label} … ${last.label}`,
              layers: part.flatMap(({ layers }) => layers),
              children: part,
            }),
      )
    }
    children = parts
  }
  return { ...block, children }
}

/** The keys of blocks that are open at first: whole levels, as long as they stay easy to take in. */
export function openAtFirst(tree: Block[]): Set<string> {
  const open = new Set<string>()
  let visible = tree
  for (;;) {
    const next = visible.flatMap((block) => (block.children.length > 0 ? block.children : [block]))
    if (next.length === visible.length || next.length > mostAtFirst) return open
    for (const block of visible) if (block.children.length > 0) open.add(block.key)
    visible = next
  }
}

/** What is drawn: blocks and layers, and the arrows between them. */
export function visibleOf(tree: Block[], open: ReadonlySet<string>, rows: Row[]): { blocks: Block[]; edges: [string, string][] } {
  const blocks: Block[] = []
  const walk = (block: Block): void => {
    if (block.children.length > 0 && open.has(block.key)) for (const child of block.children) walk(child)
    else blocks.push(block)
  }
  for (const block of tree) walk(block)
  const home = new Map<string, string>()
  for (const block of blocks) for (const index of block.layers) home.set(rows[index]!.cost.id, block.key)
  const edges = new Map<string, [string, string]>()
  for (const { cost } of rows)
    for (const input of cost.inputs) {
      const from = home.get(input)
      const to = home.get(cost.id)
      if (from !== undefined && to !== undefined && from !== to) edges.set(`${from}\n${to}`, [from, to])
    }
  return { blocks, edges: [...edges.values()] }
}
