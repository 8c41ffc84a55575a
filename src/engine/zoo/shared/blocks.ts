import type { GraphBuilder } from '../../builder.ts'

/**
 * Channels scaled by a width multiplier and rounded to a multiple of `divisor`, never losing more than a tenth: the
 * `_make_divisible` of the MobileNet authors that torchvision follows.
 */
export function makeDivisible(value: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor)
  return rounded < 0.9 * value ? rounded + divisor : rounded
}

export interface ConvNormActivation {
  outChannels: number
  kernelSize: number
  stride?: number
  groups?: number
  /** Op type, or null for none. */
  activation: string | null
  eps?: number
}

/**
 * torchvision's `Conv2dNormActivation`: convolution without bias, padded to keep the size at stride 1, batch
 * normalization, activation, as `id.0`, `id.1` and `id.2`.
 */
export function convNormActivation(graph: GraphBuilder, id: string, x: string, a: ConvNormActivation): string {
  const { outChannels, kernelSize, stride = 1, groups = 1, activation, eps } = a
  let y = graph.add('Conv2d', `${id}.0`, x, {
    outChannels,
    kernelSize,
    ...(stride === 1 ? {} : { stride }),
    ...(kernelSize === 1 ? {} : { padding: (kernelSize - 1) / 2 }),
    ...(groups === 1 ? {} : { groups }),
    bias: false,
  })
  y = graph.add('BatchNorm2d', `${id}.1`, y, eps === undefined ? {} : { eps })
  return activation === null ? y : graph.add(activation, `${id}.2`, y)
}

export interface SqueezeExcitation {
  /** Channels of the map, and of the gate. */
  channels: number
  /** Channels between the gate's two convolutions. */
  squeeze: number
  /** Op type between them. */
  activation: string
  /** Op type that makes the gate. */
  gate: string
}

/**
 * Each channel scaled by a gate that sees all of them (Hu, Shen and Sun, "Squeeze-and-Excitation Networks", CVPR 2018),
 * laid out and named as torchvision's module.
 */
export function squeezeExcitation(graph: GraphBuilder, id: string, x: string, a: SqueezeExcitation): string {
  let y = graph.add('AdaptiveAvgPool2d', `${id}.avgpool`, x, { outputSize: 1 })
  y = graph.add('Conv2d', `${id}.fc1`, y, { outChannels: a.squeeze, kernelSize: 1 })
  y = graph.add('Conv2d', `${id}.fc2`, graph.add(a.activation, `${id}.activation`, y), { outChannels: a.channels, kernelSize: 1 })
  return graph.add('Mul', `${id}.mul`, [graph.add(a.gate, `${id}.scale_activation`, y), x])
}

/**
 * The fully connected head of the lecture (and of Caffe) on a feature map: flatten, then two hidden layers and the
 * classifier, numbered on from the last convolution or stage (`fc6`, `relu6`, `drop6`, `fc7`, …, `fc8`).
 */
export function lectureHead(
  graph: GraphBuilder,
  x: string,
  first: number,
  a: { hiddenFeatures: number; classes: number; dropout: number },
): string {
  let y = graph.add('Flatten', 'flatten', x)
  for (const n of [first, first + 1]) {
    y = graph.add('Linear', `fc${n}`, y, { outFeatures: a.hiddenFeatures })
    y = graph.add('ReLU', `relu${n}`, y)
    if (a.dropout > 0) y = graph.add('Dropout', `drop${n}`, y, { p: a.dropout })
  }
  return graph.add('Linear', `fc${first + 2}`, y, { outFeatures: a.classes })
}
