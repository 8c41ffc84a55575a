/** Single layers with random settings, as PyTorch spells them and as our graphs do: kinds that the networks do not set apart. */
import type { Variant } from './networks.ts'
import type { Random } from './random.ts'

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
  const kernelSize = [r.between(2, 4), r.between(2, 4)]
  return { kernelSize, stride: [r.between(1, 3), r.between(1, 3)], padding: r.between(0, 1), ceilMode: r.flip() }
}

const draws: readonly Draw[] = [
  (r) => {
    const groups = r.between(1, 4)
    const [inputs, outputs] = [groups * r.between(1, 6), groups * r.between(1, 6)]
    const [kernelSize, stride] = [[r.between(1, 5), r.between(1, 5)], r.between(1, 3)]
    const [padding, dilation, bias] = [r.between(0, 2), r.between(1, 2), r.flip()]
    return {
      model: `nn.Conv2d(${inputs}, ${outputs}, (${kernelSize}), ${stride}, ${padding}, ${dilation}, ${groups}, ${python(bias)})`,
      layer: { type: 'Conv2d', outChannels: outputs, kernelSize, stride, padding, dilation, groups, bias },
      shape: [inputs, r.between(9, 24), r.between(9, 24)],
    }
  },
  (r) => {
    const [inputs, outputs, bias] = [r.between(1, 300), r.between(1, 300), r.flip()]
    return {
      model: `nn.Linear(${inputs}, ${outputs}, ${python(bias)})`,
      layer: { type: 'Linear', outFeatures: outputs, bias },
      shape: [inputs],
    }
  },
  (r) => {
    const [channels, affine] = [r.between(1, 40), r.flip()]
    return {
      model: `nn.BatchNorm2d(${channels}, affine=${python(affine)})`,
      layer: { type: 'BatchNorm2d', affine },
      shape: [channels, r.between(1, 20), r.between(1, 20)],
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
    const outputSize = [r.between(1, 9), r.between(1, 9)]
    return { model: `nn.AdaptiveAvgPool2d((${outputSize}))`, layer: { type: 'AdaptiveAvgPool2d', outputSize } }
  },
  (r) => {
    const outputSize = [r.between(1, 9), r.between(1, 9)]
    return {
      model: `Call(lambda x: nn.functional.adaptive_avg_pool2d(x, (${outputSize})))`,
      layer: { type: 'AdaptiveAvgPool2d', outputSize, functional: true },
    }
  },
  (r) => {
    const size = r.between(1, 6)
    return { model: `nn.LocalResponseNorm(${size})`, layer: { type: 'LocalResponseNorm', size } }
  },
  (r) => {
    const dim = r.between(1, 3)
    return { model: `nn.Softmax(${dim})`, layer: { type: 'Softmax', dim } }
  },
  (r) => {
    const calls = r.between(2, 4)
    const conv = { type: 'Conv2d', outChannels: 5, kernelSize: 3, padding: 1 }
    return {
      model: `shared := nn.Conv2d(5, 5, 3, padding=1)${', shared'.repeat(calls - 1)}`,
      layer: [{ id: 'first', ...conv }, ...Array.from({ length: calls - 1 }, () => ({ ...conv, weightsOf: 'first' }))],
      shape: [5, r.between(3, 20), r.between(3, 20)],
    }
  },
  plain('ReLU'),
  call('nn.functional.relu(x)', { type: 'ReLU', functional: true }),
  call('nn.functional.max_pool2d(x, 2)', { type: 'MaxPool2d', kernelSize: 2, functional: true }),
  call('nn.functional.avg_pool2d(x, 2)', { type: 'AvgPool2d', kernelSize: 2, functional: true }),
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
    const map = [r.between(1, 20), r.between(9, 24), r.between(9, 24)]
    const { model, layer, shape = map } = draws[i % draws.length]!(r)
    return { model: `nn.Sequential(${model})`, spec: { input: { shape }, layers: [layer].flat() }, input: [r.between(1, 3), ...shape] }
  })
}
