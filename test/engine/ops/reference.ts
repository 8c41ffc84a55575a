/**
 * Ops written straight from their formulas, one loop per index, to hold both runtimes against. Nothing here is shared
 * with the engine: sizes, windows and clipping are worked out anew, as PyTorch's documentation states them.
 */
export type Map4 = { data: Float32Array; shape: readonly [number, number, number, number] }

const at = ({ data, shape: [, C, H, W] }: Map4, n: number, c: number, h: number, w: number): number =>
  h < 0 || w < 0 || h >= H || w >= W ? 0 : data[((n * C + c) * H + h) * W + w]!

function fill(shape: Map4['shape'], value: (n: number, c: number, h: number, w: number) => number): Map4 {
  const [N, C, H, W] = shape
  const data = new Float32Array(N * C * H * W)
  let i = 0
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) for (let h = 0; h < H; h++) for (let w = 0; w < W; w++) data[i++] = value(n, c, h, w)
  return { data, shape }
}

export interface Window {
  kernel: [number, number]
  stride: [number, number]
  /** top, left, bottom, right */
  pads: [number, number, number, number]
  dilation: [number, number]
  ceil?: boolean
}

/** torch.nn.MaxPool2d, "Shape": floor((H + pads − dilation·(kernel − 1) − 1) / stride + 1), or its ceiling. */
function outputSize(size: number, a: Window, i: 0 | 1): number {
  const exact = (size + a.pads[i] + a.pads[i + 2]! - a.dilation[i] * (a.kernel[i] - 1) - 1) / a.stride[i] + 1
  if (!a.ceil) return Math.floor(exact)
  // "Sliding windows that would start in the right padded region are ignored."
  const out = Math.ceil(exact)
  return (out - 1) * a.stride[i] >= size + a.pads[i] ? out - 1 : out
}

export function conv2d(x: Map4, weight: Float32Array, bias: Float32Array | null, outC: number, groups: number, a: Window): Map4 {
  const [N, C, H, W] = x.shape
  const inPer = C / groups
  const outPer = outC / groups
  return fill([N, outC, outputSize(H, a, 0), outputSize(W, a, 1)], (n, o, h, w) => {
    let sum = bias ? bias[o]! : 0
    for (let i = 0; i < inPer; i++)
      for (let kh = 0; kh < a.kernel[0]; kh++)
        for (let kw = 0; kw < a.kernel[1]; kw++)
          sum +=
            weight[((o * inPer + i) * a.kernel[0] + kh) * a.kernel[1] + kw]! *
            at(
              x,
              n,
              Math.floor(o / outPer) * inPer + i,
              h * a.stride[0] - a.pads[0] + kh * a.dilation[0],
              w * a.stride[1] - a.pads[1] + kw * a.dilation[1],
            )
    return sum
  })
}

export function maxPool2d(x: Map4, a: Window): Map4 {
  const [N, C, H, W] = x.shape
  return fill([N, C, outputSize(H, a, 0), outputSize(W, a, 1)], (n, c, h, w) => {
    let largest = Number.NEGATIVE_INFINITY
    for (let kh = 0; kh < a.kernel[0]; kh++)
      for (let kw = 0; kw < a.kernel[1]; kw++) {
        const y = h * a.stride[0] - a.pads[0] + kh * a.dilation[0]
        const z = w * a.stride[1] - a.pads[1] + kw * a.dilation[1]
        if (y >= 0 && z >= 0 && y < H && z < W) largest = Math.max(largest, at(x, n, c, y, z))
      }
    return largest
  })
}

/** The window is first clipped to the padded input, which gives the divisor of countIncludePad, then to the input. */
export function avgPool2d(x: Map4, a: Window, countIncludePad: boolean): Map4 {
  const [N, C, H, W] = x.shape
  return fill([N, C, outputSize(H, a, 0), outputSize(W, a, 1)], (n, c, h, w) => {
    const top = h * a.stride[0] - a.pads[0]
    const left = w * a.stride[1] - a.pads[1]
    const padded = (Math.min(top + a.kernel[0], H + a.pads[2]) - top) * (Math.min(left + a.kernel[1], W + a.pads[3]) - left)
    let sum = 0
    let inside = 0
    for (let y = Math.max(top, 0); y < Math.min(top + a.kernel[0], H); y++)
      for (let z = Math.max(left, 0); z < Math.min(left + a.kernel[1], W); z++) {
        sum += at(x, n, c, y, z)
        inside += 1
      }
    return sum / (countIncludePad ? padded : inside)
  })
}

/** start = ⌊i·in/out⌋, end = ⌈(i + 1)·in/out⌉. */
export function adaptiveAvgPool2d(x: Map4, [outH, outW]: [number, number]): Map4 {
  const [N, C, H, W] = x.shape
  return fill([N, C, outH, outW], (n, c, h, w) => {
    let sum = 0
    let count = 0
    for (let y = Math.floor((h * H) / outH); y < Math.ceil(((h + 1) * H) / outH); y++)
      for (let z = Math.floor((w * W) / outW); z < Math.ceil(((w + 1) * W) / outW); z++) {
        sum += at(x, n, c, y, z)
        count += 1
      }
    return sum / count
  })
}

export function batchNorm2d(
  x: Map4,
  p: { weight?: Float32Array; bias?: Float32Array; mean: Float32Array; variance: Float32Array },
  eps: number,
): Map4 {
  return fill(
    x.shape,
    (n, c, h, w) => ((at(x, n, c, h, w) - p.mean[c]!) / Math.sqrt(p.variance[c]! + eps)) * (p.weight?.[c] ?? 1) + (p.bias?.[c] ?? 0),
  )
}

/** torch.nn.LocalResponseNorm: x² is padded by ⌊size/2⌋ channels before and ⌊(size − 1)/2⌋ after, then averaged. */
export function localResponseNorm(x: Map4, size: number, alpha: number, beta: number, k: number): Map4 {
  const C = x.shape[1]
  return fill(x.shape, (n, c, h, w) => {
    let sum = 0
    for (let i = c - Math.floor(size / 2); i <= c + Math.floor((size - 1) / 2); i++) if (i >= 0 && i < C) sum += at(x, n, i, h, w) ** 2
    return at(x, n, c, h, w) / (k + (alpha * sum) / size) ** beta
  })
}

/** Channel i of g groups goes to place (i mod C/g)·g + ⌊i / (C/g)⌋ (Zhang et al., 2017, figure 1). */
export function channelShuffle(x: Map4, groups: number): Map4 {
  const each = x.shape[1] / groups
  const from = new Map(Array.from({ length: x.shape[1] }, (_, i) => [(i % each) * groups + Math.floor(i / each), i]))
  return fill(x.shape, (n, c, h, w) => at(x, n, from.get(c)!, h, w))
}

export function pad(x: Map4, [top, left, bottom, right]: readonly number[], value: number): Map4 {
  const [N, C, H, W] = x.shape
  return fill([N, C, H + top! + bottom!, W + left! + right!], (n, c, h, w) => {
    const inside = h >= top! && w >= left! && h < top! + H && w < left! + W
    return inside ? at(x, n, c, h - top!, w - left!) : value
  })
}

/** The output's element at [n, d1, d2, d3] is the input's where dim `dims[i]` has the i-th index. */
export function transpose(x: Map4, dims: readonly number[]): Map4 {
  const shape = dims.map((dim) => x.shape[dim]!) as unknown as Map4['shape']
  return fill(shape, (...index) => {
    const place = [0, 0, 0, 0]
    dims.forEach((dim, i) => (place[dim] = index[i]!))
    return at(x, place[0]!, place[1]!, place[2]!, place[3]!)
  })
}

/** The rows listed, in order. */
export function rows(x: Map4, keep: readonly number[]): Map4 {
  const [N, C, , W] = x.shape
  return fill([N, C, keep.length, W], (n, c, h, w) => at(x, n, c, keep[h]!, w))
}

/** e^x over its sum along rows or columns or channels (dims 1, 2, 3), as defined, without the maximum. */
export function softmax(x: Map4, dim: 1 | 2 | 3): Map4 {
  return fill(x.shape, (...index) => {
    let sum = 0
    for (let i = 0; i < x.shape[dim]; i++) {
      const place = [...index] as [number, number, number, number]
      place[dim] = i
      sum += Math.exp(at(x, ...place))
    }
    return Math.exp(at(x, ...index)) / sum
  })
}

/** erf by its Maclaurin series, exact to 1e-5 for the inputs tested (|x| < 5). */
function erf(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < 100; n++) {
    term *= -(x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

/** Activations by the definitions in PyTorch's documentation. */
export const activations: Record<string, (x: number) => number> = {
  ReLU: (x) => Math.max(0, x),
  ReLU6: (x) => Math.min(Math.max(0, x), 6),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  HardSigmoid: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 1 / 2),
  HardSwish: (x) => (x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6),
  SiLU: (x) => x / (1 + Math.exp(-x)),
  GELU: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  GELUtanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  Tanh: Math.tanh,
}
