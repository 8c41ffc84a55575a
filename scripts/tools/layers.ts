/** Single layers with random settings, as PyTorch spells them and as our graphs do: kinds that the networks do not set apart. */
import { between, type Random, type Variant } from './networks.ts'

/** `layer` is several where one of them is called again; `shape` is that of a feature map where left out. */
type Draw = (r: Random) => { model: string; layer: Record<string, unknown> | Record<string, unknown>[]; shape?: number[] }

const python = (value: unknown): string => (typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value))

/** A module of torch.nn that takes no arguments, on a feature map. */
const plain =
  (type: string, module = type): Draw =>
  () => ({ model: `nn.${module}()`, layer: { type } })

/** A call without a module. */
const call = (expression: string, layer: Record<string, unknown>): Draw => {
  return () => ({ model: `Call(lambda x: ${expression})`, layer })
}

function window(r: Random) {
  const kernelSize = [between(r, 2, 4), between(r, 2, 4)]
  return { kernelSize, stride: [between(r, 1, 3), between(r, 1, 3)], padding: between(r, 0, 1), ceilMode: r.below(2) === 1 }
}

const draws: readonly Draw[] = [
  (r) => {
    const groups = between(r, 1, 4)
    const [inputs, outputs] = [groups * between(r, 1, 6), groups * between(r, 1, 6)]
    const [kernelSize, stride] = [[between(r, 1, 5), between(r, 1, 5)], between(r, 1, 3)]
    const [padding, dilation, bias] = [between(r, 0, 2), between(r, 1, 2), r.below(2) === 1]
    return {
      model: `nn.Conv2d(${inputs}, ${outputs}, (${kernelSize}), ${stride}, ${padding}, ${dilation}, ${groups}, ${python(bias)})`,
      layer: { type: 'Conv2d', outChannels: outputs, kernelSize, stride, padding, dilation, groups, bias },
      shape: [inputs, between(r, 9, 24), between(r, 9, 24)],
    }
  },
  (r) => {
    const [inputs, outputs, bias] = [between(r, 1, 300), between(r, 1, 300), r.below(2) === 1]
    return {
      model: `nn.Linear(${inputs}, ${outputs}, ${python(bias)})`,
      layer: { type: 'Linear', outFeatures: outputs, bias },
      shape: [inputs],
    }
  },
  (r) => {
    const [channels, affine] = [between(r, 1, 40), r.below(2) === 1]
    return {
      model: `nn.BatchNorm2d(${channels}, affine=${python(affine)})`,
      layer: { type: 'BatchNorm2d', affine },
      shape: [channels, between(r, 1, 20), between(r, 1, 20)],
    }
  },
  (r) => {
    const a = window(r)
    return {
      model: `nn.MaxPool2d((${a.kernelSize}), (${a.stride}), ${a.padding}, ceil_mode=${python(a.ceilMode)})`,
      layer: { type: 'MaxPool2d', ...a },
    }
  },
  (r) => {
    const a = window(r)
    return {
      model: `nn.AvgPool2d((${a.kernelSize}), (${a.stride}), ${a.padding}, ceil_mode=${python(a.ceilMode)})`,
      layer: { type: 'AvgPool2d', ...a },
    }
  },
  (r) => {
    const outputSize = [between(r, 1, 9), between(r, 1, 9)]
    return { model: `nn.AdaptiveAvgPool2d((${outputSize}))`, layer: { type: 'AdaptiveAvgPool2d', outputSize } }
  },
  (r) => {
    const outputSize = [between(r, 1, 9), between(r, 1, 9)]
    return {
      model: `Call(lambda x: nn.functional.adaptive_avg_pool2d(x, (${outputSize})))`,
      layer: { type: 'AdaptiveAvgPool2d', outputSize, functional: true },
    }
  },
  (r) => {
    const size = between(r, 1, 6)
    return { model: `nn.LocalResponseNorm(${size})`, layer: { type: 'LocalResponseNorm', size } }
  },
  (r) => {
    const dim = between(r, 1, 3)
    return { model: `nn.Softmax(${dim})`, layer: { type: 'Softmax', dim } }
  },
  (r) => {
    const calls = between(r, 2, 4)
    const conv = { type: 'Conv2d', outChannels: 5, kernelSize: 3, padding: 1 }
    return {
      model: `shared := nn.Conv2d(5, 5, 3, padding=1)${', shared'.repeat(calls - 1)}`,
      layer: [{ id: 'first', ...conv }, ...Array.from({ length: calls - 1 }, () => ({ ...conv, weightsOf: 'first' }))],
      shape: [5, between(r, 3, 20), between(r, 3, 20)],
    }
  },
  plain('ReLU'),
  call('nn.functional.relu(x)', { type: 'ReLU', functional: true }),
  plain('ReLU6'),
  plain('GELU'),
  plain('SiLU'),
  plain('Sigmoid'),
  plain('Tanh'),
  plain('HardSwish', 'Hardswish'),
  plain('HardSigmoid', 'Hardsigmoid'),
  plain('Dropout'),
  plain('Flatten'),
  plain('Identity'),
  call('x.mean((2, 3))', { type: 'GlobalAvgPool2d' }),
  call('x + x', { type: 'Add', inputs: ['input', 'input'] }),
  call('x * x', { type: 'Mul', inputs: ['input', 'input'] }),
  call('torch.cat([x, x], 1)', { type: 'Concat', inputs: ['input', 'input'] }),
]

/** `count` layers, the kinds in turn, each a network of its own. */
export function drawLayers(count: number, r: Random): Variant[] {
  return Array.from({ length: count }, (_, i) => {
    const map = [between(r, 1, 20), between(r, 9, 24), between(r, 9, 24)]
    const { model, layer, shape = map } = draws[i % draws.length]!(r)
    return { model: `nn.Sequential(${model})`, spec: { input: { shape }, layers: [layer].flat() }, input: [between(r, 1, 3), ...shape] }
  })
}
