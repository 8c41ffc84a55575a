import type { Graph, Layer } from './graph.ts'

/**
 * By how much the flops of a layer's definition exceed those of the cheapest known algorithm, at most. A convolution
 * with stride 1 can be had for less than its definition: 3×3 for a quarter (Winograd F(4×4, 3×3): Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks", 2015), larger ones by FFT for no less than one multiplication an
 * element. 1 where no cheaper way is known.
 */
export function algorithmGain({ attributes }: Pick<Layer, 'attributes'>): number {
  const { kernelSize, stride } = attributes as Record<string, unknown>
  const area = numbers(kernelSize).reduce((a, b) => a * b, 1)
  const direct = numbers(stride).some((step) => step > 1)
  return direct || area === 1 ? 1 : area <= 9 ? Math.min(area, 4) : area
}

/**
 * Flops that no known algorithm does a call without, at 2 a multiply-add.
 * @param macs of each layer, for the whole batch.
 */
export function leastFlops(graph: Graph, macs: ReadonlyMap<string, number>): number {
  return graph.layers.reduce((sum, layer) => sum + (2 * (macs.get(layer.id) ?? 0)) / algorithmGain(layer), 0)
}

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value : []).filter((each) => typeof each === 'number')
