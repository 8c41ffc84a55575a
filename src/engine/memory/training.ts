import { product, sum } from '../exact.ts'
import { type Graph, reference, referencedId } from '../graph.ts'
import type { InferOptions, InferredLayer } from '../infer.ts'
import { inputShape } from '../infer.ts'
import { opOf } from '../ops/index.ts'
import { numel } from '../shape.ts'
import type { Life } from './lives.ts'

/** Numbers that an optimizer keeps for each parameter, beside its gradient. */
export const optimizers = { sgd: 0, momentum: 1, adam: 2, adamw: 2 } as const
export type Optimizer = keyof typeof optimizers
export const optimizerNames = Object.keys(optimizers) as Optimizer[]

/** What a tensor is in memory for. */
export const tensorKinds = ['input', 'activation', 'checkpoint', 'recomputed', 'gradient'] as const
export type TensorKind = (typeof tensorKinds)[number]

export interface TrainingLife extends Life {
  kind: TensorKind
}

/** √layers, at which the checkpoints of a chain take about as much as the layers between two of them (Chen et al.). */
export const rootSegments = (layers: number): number => Math.max(1, Math.round(Math.sqrt(layers)))

/**
 * When tensors are alive in one step of training: forward, layer by layer, then backward in the opposite order, so that step
 * `2n − 1 − i` is the backward pass of layer `i`. The output of every layer is kept until its own backward pass, views as well, as
 * `Costs.training` counts it. The gradient of a tensor is there from the backward pass of its last reader to that of its maker.
 *
 * With more than one segment, layers are cut into consecutive parts of equal number. Forward keeps what later segments read; each
 * segment but the last is computed once more before its backward pass (Chen, Xu, Zhang and Guestrin, "Training Deep Nets with
 * Sublinear Memory Cost", 2016; `checkpoint_sequential` of PyTorch).
 * @param width bytes of an element.
 */
export function trainingLives(
  graph: Graph,
  layers: readonly InferredLayer[],
  options: InferOptions,
  width: number,
  segments: number,
): TrainingLife[] {
  const n = layers.length
  const stepOf = new Map(layers.map(({ layer }, step) => [layer.id, step]))
  const segmentOf = (step: number): number => Math.floor((step * segments) / n)
  const endOf = (segment: number): number => Math.ceil(((segment + 1) * n) / segments) - 1
  const backward = (step: number): number => 2 * n - 1 - step
  const first = new Map<string, number>()
  const last = new Map<string, number>()
  layers.forEach(({ layer }, step) => {
    for (const name of layer.inputs) {
      if (!first.has(name)) first.set(name, step)
      last.set(name, step)
    }
  })
  const outputs = new Set(graph.outputs)
  const lives: TrainingLife[] = []
  for (const input of graph.inputs) {
    const size = product(numel(inputShape(input, options)), width)
    // The backward pass of its first reader, the last to run, needs it for the gradient of that layer's weights.
    lives.push({ kind: 'input', name: input.id, size, from: -1, to: backward(first.get(input.id) ?? 0) })
  }
  for (const { layer, outputs: shapes } of layers) {
    if (opOf(layer.type).stored) continue
    const step = stepOf.get(layer.id)!
    const segment = segmentOf(step)
    shapes.forEach((shape, i) => {
      const name = reference(layer.id, i)
      const size = product(numel(shape), width)
      const lastRead = last.get(name) ?? -1
      const given = outputs.has(name)
      const kept = { name, size, from: step, to: backward(step) }
      if (segment === segments - 1) lives.push({ ...kept, kind: 'activation' })
      else if (given || (lastRead >= 0 && segmentOf(lastRead) > segment)) lives.push({ ...kept, kind: 'checkpoint' })
      else {
        lives.push({ name, size, kind: 'activation', from: step, to: Math.max(step, lastRead) })
        lives.push({ name, size, kind: 'recomputed', from: backward(endOf(segment)), to: backward(step) })
      }
      // The gradient of an output comes with the loss.
      if (given || lastRead >= 0) lives.push({ name, size, kind: 'gradient', from: backward(given ? n - 1 : lastRead), to: backward(step) })
    })
  }
  return lives
}

/** Multiply-adds that checkpoints cost: those of every segment but the last, once more. */
export function recomputedMacs(macs: readonly { id: string; macs: number }[], layers: readonly InferredLayer[], segments: number): number {
  const of = new Map(macs.map((each) => [each.id, each.macs]))
  return sum(
    ...layers
      .filter((_, step) => Math.floor((step * segments) / layers.length) < segments - 1)
      .map(({ layer }) => of.get(referencedId(layer.id)) ?? 0),
  )
}
