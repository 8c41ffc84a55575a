import { type CostOptions, computeCosts, type LayerCost } from '../cost.ts'
import type { Graph, Layer } from '../graph.ts'

/**
 * Kinds of layers that libraries have kernels of their own for, so that each has its own rates. They are told by what a layer
 * computes, not by its name. `convolution`: over a window. `matrixProduct`: 1×1 convolutions, fully connected layers over many
 * tokens, products of two tensors. `matrixVector`: the same where each weight is used only a few times, as in a classifier or a
 * squeeze-and-excitation, so that reading the weights takes the time. `normalization`: has parameters and no multiply-adds.
 * `pooling`: writes less than half of the bytes that it reads, or has a window. `elementwise`: all else that computes. `move`
 * computes nothing.
 */
export const layerKinds = [
  'convolution',
  'matrixProduct',
  'matrixVector',
  'depthwiseConvolution',
  'groupedConvolution',
  'normalization',
  'pooling',
  'elementwise',
  'move',
] as const
export type LayerKind = (typeof layerKinds)[number]

/** Rates of a kind: time for each multiply-add, for each byte, and for each layer. */
export const perKind = 3
export const featureCount = perKind * layerKinds.length

const area = (kernel: unknown): number => (Array.isArray(kernel) ? kernel.reduce((product, side) => product * side, 1) : Number(kernel))

/**
 * Up to so many multiply-adds a weight, the layer is taken to be bound by reading its weights. In float32 these are 4 flops a byte;
 * the ridge points of processors lie at that or above.
 */
const fewUses = 8

/** @param cost of the layer, flops by the convention `full`. */
export function kindOf({ attributes }: Pick<Layer, 'attributes'>, cost: LayerCost): LayerKind {
  const { macs, flops, params, outputElements, bytesRead, bytesWritten } = cost
  const { kernelSize, groups } = attributes as { kernelSize?: unknown; groups?: number }
  if (macs > 0) {
    const product = kernelSize === undefined || area(kernelSize) === 1
    if (product && params > 0 && macs <= fewUses * params) return 'matrixVector'
    if ((groups ?? 1) === 1) return product ? 'matrixProduct' : 'convolution'
    // Depthwise: one input channel a group, so that an output element takes as many multiply-adds as its window has elements.
    return macs === outputElements * area(kernelSize) ? 'depthwiseConvolution' : 'groupedConvolution'
  }
  if (flops === 0) return 'move'
  if (params > 0) return 'normalization'
  return kernelSize !== undefined || bytesRead > 2 * bytesWritten ? 'pooling' : 'elementwise'
}

/** A layer as the model of latency sees it, for the whole batch. */
export interface LayerFeatures {
  id: string
  kind: LayerKind
  /** 10^6 multiply-adds. */
  macs: number
  /** 10^6 bytes read and written. */
  bytes: number
}

/** Features of the layers that compute or move anything, in graph order. @throws EngineError as `computeCosts` does. */
export function featuresOf(graph: Graph, options: Pick<CostOptions, 'batch' | 'resolution' | 'dtype'>): LayerFeatures[] {
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]))
  return computeCosts(graph, { ...options, convention: 'full' })
    .layers.filter(({ flops, bytesRead, bytesWritten }) => flops + bytesRead + bytesWritten > 0)
    .map((cost) => ({
      id: cost.id,
      kind: kindOf(layers.get(cost.id)!, cost),
      macs: cost.macs / 1e6,
      bytes: (cost.bytesRead + cost.bytesWritten) / 1e6,
    }))
}

/** 10^6 multiply-adds of a call. */
export const macsOf = (layers: readonly LayerFeatures[]): number => layers.reduce((sum, { macs }) => sum + macs, 0)

/** The sum of the features of some layers: one row of the regression. */
export function rowOf(layers: readonly LayerFeatures[]): number[] {
  const row = new Array<number>(featureCount).fill(0)
  for (const { kind, macs, bytes } of layers) {
    const at = perKind * layerKinds.indexOf(kind)
    for (const [i, value] of [macs, bytes, 1].entries()) row[at + i] = row[at + i]! + value
  }
  return row
}
