import { type Graph, type Layer, referencedId } from '../../../engine/graph.ts'
import type { LayerProfile } from '../../contract.ts'
import { RunError } from '../../run-error.ts'

/** What ran under one node's name: ONNX Runtime's operator, and mean ms a call. */
export interface Kernel {
  node: string
  operator: string
  ms: number
  /** The execution provider it ran on: `CUDAExecutionProvider`. */
  provider: string
}
export interface Trace {
  /** In the order they first ran. */
  kernels: Kernel[]
  totalMs: number
  runs: number
}

interface TraceEvent {
  cat: string
  name: string
  /** Microseconds since the session began. */
  ts: number
  /** Microseconds. */
  dur: number
  args: { op_name?: string; provider?: string }
}

const kernelSuffix = '_kernel_time'

/** Reads ONNX Runtime's profile (Chrome's trace format): the kernels of the last `runs` calls, averaged. */
export function readTrace(json: string, runs: number): Trace {
  const events = JSON.parse(json) as TraceEvent[]
  const calls = events
    .filter((event) => event.cat === 'Session' && event.name === 'model_run')
    .sort((a, b) => a.ts - b.ts)
    .slice(-runs)
  if (calls.length === 0) throw new Error('the profile of onnxruntime holds no call')
  const kernels = new Map<string, Kernel>()
  for (const event of events) {
    if (event.cat !== 'Node' || !event.name.endsWith(kernelSuffix) || event.ts < calls[0]!.ts) continue
    const node = event.name.slice(0, -kernelSuffix.length)
    const kernel = kernels.get(node) ?? {
      node,
      operator: event.args.op_name ?? '',
      ms: 0,
      provider: event.args.provider ?? '',
    }
    kernel.ms += event.dur / 1000 / calls.length
    kernels.set(node, kernel)
  }
  return {
    kernels: [...kernels.values()],
    totalMs: calls.reduce((sum, call) => sum + call.dur / 1000, 0) / calls.length,
    runs: calls.length,
  }
}

/**
 * That every kernel ran where it was meant to.
 * @throws RunError FOREIGN_PROVIDER naming those that did not.
 */
export function requireProvider({ kernels }: Pick<Trace, 'kernels'>, provider: string): void {
  const elsewhere = kernels.filter((kernel) => kernel.provider !== provider)
  if (elsewhere.length === 0 && kernels.length > 0) return
  const list = elsewhere.slice(0, 5).map((kernel) => `${kernel.operator} ${kernel.node} on ${kernel.provider || 'an unnamed provider'}`)
  throw new RunError(
    'FOREIGN_PROVIDER',
    kernels.length === 0
      ? `no kernel ran on ${provider}: the profile of onnxruntime is empty`
      : `${elsewhere.length} of ${kernels.length} kernels did not run on ${provider}: ${list.join(', ')}${elsewhere.length > 5 ? ' …' : ''}`,
  )
}

/** What ONNX Runtime's optimizers put before or behind the name of a node they replace. */
const marks = [/^fused /, /_token_\d+$/, /_nchwc$/, /_bn$/, /\/QuickGeluFusion\/$/]

/** Operators that its optimizers put in a layer's place under a name of their own (`Gelu`, `HardSigmoid_193`). */
const madeFor: Readonly<Record<string, string>> = {
  ...{ Gelu: 'GELU', FastGelu: 'GELU', BiasGelu: 'GELU' },
  ...{ HardSigmoid: 'HardSwish', Mul: 'HardSwish' },
}

/** Operators under which other layers are fused, and the layers they are the kernel of. */
const computedBy: Readonly<Record<string, string>> = { Conv: 'Conv2d', FusedConv: 'Conv2d', Gemm: 'Linear', FusedGemm: 'Linear' }

interface Row {
  layerIds: Set<string>
  ms: number
  /** When its kernel ran, as a place in the order of kernels. */
  order: number
}

/**
 * Gives each kernel's time to the layers it computes. ONNX Runtime fuses nodes and keeps the name of one of them, so:
 * a kernel goes to the layer that its name stands for; where it is another operator than that layer (`Conv` under a
 * ReLU's name), the layers before it, up to the one it is the operator of, were fused into it; a kernel under a made-up
 * name goes to the layer that it was made for, where that reads what ran before; and a layer left without a kernel was
 * fused into the kernel that ran last of those it reads. Kernels that stand for no layer (changes
 * of layout) are the unattributed time.
 * @param layerOfNode node name in the exported model → layer id.
 */
export function attributeKernels(
  graph: Graph,
  { kernels, totalMs, runs }: Trace,
  layerOfNode: ReadonlyMap<string, string>,
): Omit<LayerProfile, 'method'> {
  const rows = new Map<string, Row>()
  const operators: { layerId: string; operator: string }[] = []
  let unattributedMs = 0
  const named = kernels.map(({ node }) => layerNamed(node, layerOfNode))
  const taken = new Set(named)
  let before: string | undefined
  for (const [i, { operator, ms }] of kernels.entries()) {
    const layerId: string | undefined = named[i] ?? remade(graph, madeFor[operator], before, taken)
    if (layerId === undefined) {
      unattributedMs += ms
      continue
    }
    const row = rows.get(layerId) ?? { layerIds: new Set([layerId]), ms: 0, order: rows.size }
    row.ms += ms
    rows.set(layerId, row)
    before = layerId
    operators.push({ layerId, operator })
  }
  const rowOf = new Map(rows)
  const join = (id: string, row: Row) => {
    rowOf.set(id, row)
    row.layerIds.add(id)
  }
  for (const { layerId, operator } of operators)
    for (const id of fusedBefore(graph, layerId, computedBy[operator], rowOf)) join(id, rows.get(layerId)!)

  const position = new Map(graph.layers.map((layer, i) => [layer.id, i]))
  const at = (id: string): number => position.get(id) ?? -1
  for (const { id, inputs } of graph.layers) {
    if (rowOf.has(id)) continue
    const read = inputs.map((input) => rowOf.get(referencedId(input))).filter((row) => row !== undefined)
    if (read.length > 0)
      join(
        id,
        read.reduce((a, b) => (b.order > a.order ? b : a)),
      )
  }
  const perLayer = [...rows.values()].map(({ layerIds, ms }) => ({ layerIds: [...layerIds].sort((a, b) => at(a) - at(b)), ms }))
  return { perLayer: perLayer.sort((a, b) => at(a.layerIds[0]!) - at(b.layerIds[0]!)), unattributedMs, totalMs, runs }
}

/**
 * The layers without a kernel before `layerId`, back to the nearest of type `computes`, each read by nobody else; none
 * where the layer is of that type itself or the way back ends before one is met.
 */
function fusedBefore(graph: Graph, layerId: string, computes: string | undefined, taken: ReadonlyMap<string, Row>): string[] {
  if (computes === undefined) return []
  const { layers, readers } = linksOf(graph)
  const chain: string[] = []
  let layer = layers.get(layerId)
  while (layer && layer.type !== computes) {
    const before: string = referencedId(layer.inputs[0] ?? '')
    layer = taken.has(before) || readers.get(before) !== 1 ? undefined : layers.get(before)
    if (layer) chain.push(layer.id)
  }
  return layer ? chain : []
}

interface Links {
  layers: ReadonlyMap<string, Layer>
  /** How often a layer is read, by layers and as an output. */
  readers: ReadonlyMap<string, number>
}
const links = new WeakMap<Graph, Links>()
function linksOf(graph: Graph): Links {
  let made = links.get(graph)
  if (!made) {
    const readers = new Map<string, number>()
    for (const name of [...graph.layers.flatMap((layer) => layer.inputs), ...graph.outputs])
      readers.set(referencedId(name), (readers.get(referencedId(name)) ?? 0) + 1)
    links.set(graph, (made = { layers: new Map(graph.layers.map((layer) => [layer.id, layer])), readers }))
  }
  return made
}

/** The layer of this type, without a kernel of its own name, that is `before` or reads it. */
function remade({ layers }: Graph, type: string | undefined, before: string | undefined, taken: ReadonlySet<unknown>): string | undefined {
  if (type === undefined || before === undefined) return undefined
  const reads = ({ id, inputs }: Layer) => id === before || inputs.some((input) => referencedId(input) === before)
  return layers.find((layer) => layer.type === type && !taken.has(layer.id) && reads(layer))?.id
}

function layerNamed(node: string, layerOfNode: ReadonlyMap<string, string>): string | undefined {
  for (let name = node; ; ) {
    const layerId = layerOfNode.get(name)
    if (layerId !== undefined) return layerId
    const mark = marks.find((each) => each.test(name))
    if (!mark) return undefined
    name = name.replace(mark, '')
  }
}
