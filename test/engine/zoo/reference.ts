import { readFileSync } from 'node:fs'
import { type CostOptions, type Costs, computeCosts } from '../../../src/engine/cost.ts'
import type { Graph } from '../../../src/engine/graph.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../fixtures/reference/${path}`, import.meta.url), 'utf8'))

export interface TorchvisionModel {
  params: number
  macs: number
  convLayers: number
  linearLayers: number
  publishedParams: number
  publishedGMacs: number
  fvcore: number
  fvcoreByOperator: Record<string, number>
  torchinfo: number
  torchFlopCounter: number
  top1: number
  top5: number
}

/** Totals of torchvision's networks, by name. */
export const torchvisionModels: Record<string, TorchvisionModel> = read('torchvision.json').models

/** Totals of the tools on eight of them, by name and tool. */
export const toolTotals: Record<string, Record<string, number>> = read('tools.json').models

/** MACs and operators of exported files, by file name: `resnet50.ts17.onnx`. */
export const onnxFiles: Record<string, { macs: number; ops: Record<string, number>; torch_params: number }> = read('onnx/reference.json')

export interface LeafModule {
  name: string
  type: string
  inp: number[]
  out: number[]
  params: number
  buffers: number
  macs: number
  kernel?: [number, number]
  stride?: [number, number]
  padding?: [number, number]
  dilation?: [number, number]
  groups?: number
  bias?: boolean
  ceil_mode?: boolean
}

/** Leaf modules of a torchvision network, in call order. */
export const leafModules = (name: string): LeafModule[] => read(`layers/${name}.json`).layers

export const kerasModels: Record<string, { trainable: number; params: number; macs_conv_dense: number }> = read('keras/reference.json')

export const graphOf = (reference: object): Graph => verifyGraph(expandZoo(reference).spec)
export const costsOf = (reference: object, options: CostOptions = {}): Costs => computeCosts(graphOf(reference), options)

/** The row of this layer. */
export const row = (costs: Costs, id: string): Costs['layers'][number] => {
  const found = costs.layers.find((layer) => layer.id === id)
  if (!found) throw new Error(`no layer ${id} among ${costs.layers.map((layer) => layer.id).join(' ')}`)
  return found
}
