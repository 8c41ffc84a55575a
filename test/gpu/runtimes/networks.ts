/** Every family of the zoo, shrunk, so that runtimes can be held to one another on all of them. */
import { type Graph, graphToJson } from '../../../src/engine/graph.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo, families } from '../../../src/engine/zoo/index.ts'

/** Options that keep a family's shape and make it small. A family that is not listed is only made small on the outside. */
const shrunk: Record<string, Record<string, unknown>[]> = {
  alexnet: [
    { channels: [8, 12, 16, 16, 12], hiddenFeatures: 24, resolution: 95 },
    { channels: [8, 12, 16, 16, 12], hiddenFeatures: 24, resolution: 95, groups: 2, localResponseNorm: true },
    { channels: [8, 12, 16, 16, 12], hiddenFeatures: 24, resolution: 99, layout: 'lecture', stemPadding: 1 },
  ],
  convnext: [{ depths: [1, 2], widths: [8, 12], kernelSize: 5, resolution: 40 }],
  densenet: [{ growthRate: 4, blocks: [2, 3], stemChannels: 8, resolution: 40 }],
  efficientnet: [
    { widthMultiplier: 0.25, resolution: 48 },
    {
      stages: [
        { block: 'fused', expansion: 1, kernelSize: 3, stride: 1, channels: 8, repeats: 2 },
        { block: 'fused', expansion: 4, kernelSize: 3, stride: 2, channels: 16, repeats: 2 },
        { expansion: 4, kernelSize: 5, stride: 2, channels: 24, repeats: 2 },
      ],
      stemChannels: 8,
      headChannels: 32,
      resolution: 41,
    },
  ],
  googlenet: [{ resolution: 48 }, { resolution: 65, batchNorm: false, localResponseNorm: true, branch3Kernel: 5, pool4Kernel: 3 }],
  inception_v3: [
    { widthMultiplier: 0.1, auxiliaryHead: true },
    { widthMultiplier: 0.1, resolution: 75 },
  ],
  mnasnet: [{ widthMultiplier: 0.25, resolution: 48 }],
  mobilenet_v1: [{ widthMultiplier: 0.25, resolution: 47 }],
  mobilenet_v2: [{ widthMultiplier: 0.25, resolution: 48 }],
  mobilenet_v3: [
    { size: 'small', widthMultiplier: 0.25, resolution: 48 },
    { size: 'large', widthMultiplier: 0.25, resolution: 33 },
  ],
  nasnet: [
    { cellsPerStack: 1, penultimateFilters: 96, stemChannels: 8, resolution: 40 },
    { cellsPerStack: 2, penultimateFilters: 96, stemChannels: 8, skipReduction: true, resolution: [35, 48] },
  ],
  regnet: [
    { depth: 5, initialWidth: 8, slope: 8, step: 2, groupWidth: 4, stemChannels: 8, resolution: 40 },
    { depth: 5, initialWidth: 8, slope: 8, step: 2, groupWidth: 4, stemChannels: 8, squeezeRatio: 0.25, resolution: 33 },
  ],
  resnet: [
    { block: 'basic', depths: [1, 1, 1], baseChannels: 8, resolution: 48 },
    { depths: [1, 2], baseChannels: 8, strideIn: '1x1', convBias: true, resolution: 41 },
    { depths: [1, 1], baseChannels: 16, cardinality: 4, widthPerGroup: 8, resolution: 40 },
  ],
  shufflenet_v1: [
    { groups: 1, stemChannels: 8, stageChannels: [16, 32], stageRepeats: [2, 2], resolution: 48 },
    { groups: 2, stemChannels: 8, stageChannels: [16, 32, 64], stageRepeats: [2, 2, 2], resolution: 41 },
  ],
  shufflenet_v2: [{ stemChannels: 8, stageChannels: [8, 16, 32], stageRepeats: [2, 2, 2], headChannels: 32, resolution: 48 }],
  squeezenet: [
    { version: '1_0', baseExpand: 16, expandIncrement: 16, resolution: 56 },
    { version: '1_1', baseExpand: 16, expandIncrement: 16, resolution: 63 },
  ],
  vgg: [
    {
      stages: [
        { convs: 1, channels: 8 },
        { convs: 2, channels: 12 },
      ],
      hiddenFeatures: 16,
      resolution: 40,
    },
    {
      stages: [
        { convs: 2, channels: 8 },
        { convs: 1, channels: 12 },
      ],
      hiddenFeatures: 16,
      resolution: 36,
      batchNorm: true,
      layout: 'lecture',
    },
  ],
}

/** A softmax would hide differences of logits: an output that is one is read before it. */
function withoutSoftmax(graph: Graph): Graph {
  const softmax = new Map(graph.layers.filter((layer) => layer.type === 'Softmax').map((layer) => [layer.id, layer.inputs[0]!]))
  if (!graph.outputs.some((output) => softmax.has(output))) return graph
  const json = graphToJson(graph)
  const last = new Set(graph.outputs.filter((output) => softmax.has(output)))
  return verifyGraph({
    ...json,
    layers: json.layers.filter((layer) => !last.has(layer.id as string)),
    outputs: json.outputs.map((output) => softmax.get(output) ?? output),
  })
}

export const networks = families.flatMap(({ name }) =>
  (shrunk[name] ?? [{ resolution: 64 }]).map((options, i) => ({
    label: `${name} ${i + 1}`,
    graph: withoutSoftmax(verifyGraph(expandZoo({ family: name, options: { classes: 7, ...options } }).spec)),
  })),
)
