/** Random small networks with what rewrites look for: residual blocks, normalization, branches, heads, several outputs. */
import type { Graph } from '../../../src/engine/graph.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { random } from '../random.ts'

/** A verified network of one image; the same seed gives the same network. */
export function randomNetwork(seed: number): Graph {
  const { below, pick } = random(seed)
  const layers: Record<string, unknown>[] = []
  let n = 0
  let x = 'image'
  let channels = 3
  const imageSide = 17 + below(16)
  let side = imageSide
  const add = (type: string, inputs: string[], attributes: Record<string, unknown> = {}): string => {
    const id = `${type.toLowerCase()}${n++}`
    layers.push({ id, type, inputs, ...attributes })
    return id
  }
  const conv = (from: string, out: number, kernelSize: number, more: Record<string, unknown> = {}): string =>
    add('Conv2d', [from], { outChannels: out, kernelSize, padding: Math.floor(kernelSize / 2), bias: below(2) === 0, ...more })
  const follow = (from: string): string => {
    let y = from
    if (below(2) === 0) y = add('BatchNorm2d', [y])
    else if (below(4) === 0) y = add('LocalResponseNorm', [y], { size: 5 })
    return below(4) === 0 ? y : add(pick(['ReLU', 'ReLU6', 'SiLU']), [y])
  }
  const pieces: (() => void)[] = [
    () => {
      const stride = side > 8 && below(3) === 0 ? 2 : 1
      const out = pick([6, 8, 12, 16])
      const k = pick([1, 3, 5, 7])
      x = follow(conv(x, out, k, { stride }))
      channels = out
      side = Math.floor((side - 1) / stride) + 1
    },
    () => {
      const basic = below(2) === 0
      const inside = basic ? channels : pick([8, 16])
      let y = x
      const windows = basic ? [3, 3] : [1, 3, 1]
      windows.forEach((k, i) => {
        y = add('BatchNorm2d', [conv(y, i === windows.length - 1 ? channels : inside, k)])
        if (i < windows.length - 1) y = add('ReLU', [y])
      })
      x = add('ReLU', [add('Add', [y, x])])
    },
    () => {
      x = add('Concat', [follow(conv(x, 4, 1)), follow(conv(x, 8, 5))])
      channels = 12
    },
    () => {
      if (side < 6) return
      x = add('MaxPool2d', [x], { kernelSize: 2, stride: 2 })
      side = Math.floor(side / 2)
    },
    () => {
      x = follow(conv(x, channels, 3, { groups: channels }))
    },
  ]
  x = follow(conv(x, 8, 3))
  channels = 8
  const auxiliary: string[] = []
  for (let i = 2 + below(5); i > 0; i--) {
    pick(pieces)()
    if (below(8) === 0 && auxiliary.length === 0)
      auxiliary.push(add('Linear', [add('Flatten', [add('GlobalAvgPool2d', [x])])], { outFeatures: 10 }))
  }
  const head = pick(['global', 'adaptive', 'flat', 'flat'])
  if (head === 'global') x = add('GlobalAvgPool2d', [x])
  if (head === 'adaptive') x = add('AdaptiveAvgPool2d', [x], { outputSize: 3 })
  x = add('Flatten', [x])
  if (below(2) === 0) x = add('Dropout', [add('ReLU', [add('Linear', [x], { outFeatures: 24 })])])
  x = add('Linear', [x], { outFeatures: 10 })
  return verifyGraph({ inputs: [{ id: 'image', shape: [3, imageSide, imageSide] }], layers, outputs: [x, ...auxiliary] })
}
