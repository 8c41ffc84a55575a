import type { Graph } from '../../graph.ts'
import { inferShapes } from '../../infer.ts'
import { isRecord } from '../../read-spec.ts'
import { numel } from '../../shape.ts'
import { parametersOf } from '../../shared-weights.ts'
import { Violations } from '../../violations.ts'
import type { KerasModel } from './topology.ts'

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 8 && value.every((size) => Number.isInteger(size) && size >= 0)

/**
 * Holds the shapes of a TF.js weight manifest against the layers: the tensors named for a layer (`conv1/kernel`) have as
 * many elements each as the layer's parameters, whose dims have another order here. Tensors of unknown layers (an
 * optimizer's slots) are ignored, and so are layers that the manifest does not mention.
 * @throws EngineError INVALID_KERAS with the path of the first tensor of each layer that differs.
 */
export function checkManifest(manifest: unknown, graph: Graph, model: KerasModel, origins: ReadonlyMap<string, string>): void {
  if (!Array.isArray(manifest)) return
  const violations = new Violations('INVALID_KERAS', 'the TF.js model')
  const pathOf = new Map(model.layers.filter((layer) => !layer.model).map(({ name, path }) => [name, path]))
  const ours = new Map<string, number[]>()
  for (const { layer, inputs } of inferShapes(graph)) {
    if (layer.weightsOf !== undefined) continue
    const path = origins.get(layer.id) as string
    const sizes = parametersOf(layer, inputs).map(({ shape }) => numel(shape))
    ours.set(path, [...(ours.get(path) ?? []), ...sizes])
  }
  const theirs = new Map<string, { path: string; name: string; sizes: number[] }>()
  manifest.forEach((group, g) => {
    if (!isRecord(group) || !Array.isArray(group.weights)) return
    group.weights.forEach((weight: unknown, w) => {
      const name = isRecord(weight) && typeof weight.name === 'string' ? weight.name : ''
      const layer = name.slice(0, Math.max(0, name.indexOf('/')))
      const layerPath = pathOf.get(layer)
      if (!isRecord(weight) || layerPath === undefined) return
      const path = `/weightsManifest/${g}/weights/${w}`
      if (!isShape(weight.shape))
        return violations.add(`${path}/shape`, layer, `the shape of ${name.slice(0, 60)} must be a list of integers`)
      const entry = theirs.get(layerPath) ?? { path, name: layer, sizes: [] }
      entry.sizes.push(weight.shape.reduce((a, b) => a * b, 1))
      theirs.set(layerPath, entry)
    })
  })
  const list = (sizes: number[]) => sizes.sort((a, b) => a - b).join(', ') || 'none'
  for (const [layerPath, { path, name, sizes }] of theirs) {
    const own = ours.get(layerPath) ?? []
    if (list(own) !== list(sizes))
      violations.add(
        path,
        name.slice(0, 200),
        `the weights of ${name.slice(0, 60)} have ${list(sizes).slice(0, 200)} elements, but the layer takes ${list(own)}`,
      )
  }
  violations.check()
}
