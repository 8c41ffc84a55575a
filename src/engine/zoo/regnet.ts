import { GraphBuilder } from '../builder.ts'
import { convNormActivation, makeDivisible, squeezeExcitation } from './shared/blocks.ts'
import { defineFamily } from './shared/family.ts'
import { familyOptions, imageInput, integer, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

/** Figures of torchvision's documentation for `regnet_<name>`, and its depth, w_0, w_a, w_m and group width. */
type Row = readonly [
  name: string,
  params: number,
  gmacs: number,
  top1: number,
  top5: number,
  depth: number,
  initialWidth: number,
  slope: number,
  step: number,
  groupWidth: number,
]
const rows: readonly Row[] = [
  ['x_400mf', 5_495_976, 0.414, 72.834, 90.95, 22, 24, 24.48, 2.54, 16],
  ['x_800mf', 7_259_656, 0.8, 75.212, 92.348, 16, 56, 35.73, 2.28, 16],
  ['x_1_6gf', 9_190_136, 1.603, 77.04, 93.44, 18, 80, 34.01, 2.25, 24],
  ['x_3_2gf', 15_296_552, 3.177, 78.364, 93.992, 25, 88, 26.31, 2.25, 48],
  ['x_8gf', 39_572_648, 7.995, 79.344, 94.686, 23, 80, 49.56, 2.88, 120],
  ['x_16gf', 54_278_536, 15.941, 80.058, 94.944, 22, 216, 55.59, 2.1, 128],
  ['x_32gf', 107_811_560, 31.736, 80.622, 95.248, 23, 320, 69.86, 2, 168],
  ['y_400mf', 4_344_144, 0.402, 74.046, 91.716, 16, 48, 27.89, 2.09, 8],
  ['y_800mf', 6_432_512, 0.834, 76.42, 93.136, 14, 56, 38.84, 2.4, 16],
  ['y_1_6gf', 11_202_430, 1.612, 77.95, 93.966, 27, 48, 20.71, 2.65, 24],
  ['y_3_2gf', 19_436_338, 3.176, 78.948, 94.576, 21, 80, 42.63, 2.66, 24],
  ['y_8gf', 39_381_472, 8.473, 80.032, 95.048, 17, 192, 76.82, 2.19, 56],
  ['y_16gf', 83_590_140, 15.912, 80.424, 95.24, 18, 200, 106.23, 2.48, 112],
  ['y_32gf', 145_046_770, 32.28, 80.878, 95.34, 20, 232, 115.89, 2.53, 232],
  ['y_128gf', 644_812_894, 127.518, 86.068, 97.844, 27, 456, 160.83, 2.52, 264],
]

const preset = ([name, params, gmacs, top1, top5, depth, initialWidth, slope, step, groupWidth]: Row) => ({
  options: { depth, initialWidth, slope, step, groupWidth, squeezeRatio: name.startsWith('y') ? 0.25 : 0 },
  summary: `RegNet${name[0]!.toUpperCase()}-${name.slice(2).replace('_', '.').toUpperCase()}.`,
  // The largest has no weights trained on ImageNet-1K from the start.
  published: torchvision(`regnet_${name}`, params, gmacs, top1, top5, name === 'y_128gf' ? 'IMAGENET1K_SWAG_LINEAR_V1' : undefined),
})

/** RegNet X and Y: residual bottlenecks whose widths follow a quantized line; Y adds squeeze-and-excitation. */
export const regnet = defineFamily({
  name: 'regnet',
  summary: 'RegNet X and Y: grouped residual bottlenecks whose widths follow a quantized line; Y has squeeze-and-excitation.',
  source: 'Radosavovic, Kosaraju, Girshick, He and Dollár, "Designing Network Design Spaces", CVPR 2020',
  options: familyOptions({
    depth: integer(22, 1, 64, 'Blocks in all (d). Blocks of one width are a stage, and each stage halves the resolution.'),
    initialWidth: integer(24, 8, 2048, 'Width that the line starts from (w_0), a multiple of 8.'),
    slope: number(24.48, 0, 512, 'Channels by which the line rises from block to block (w_a).'),
    step: number(2.54, 1.1, 8, 'Widths are powers of this times initialWidth (w_m), rounded to multiples of 8.'),
    groupWidth: integer(16, 1, 2048, 'Channels of each group of a 3×3 convolution; widths are rounded to a multiple of it.'),
    squeezeRatio: number(
      0,
      0,
      1,
      'Squeeze-and-excitation’s channels as a share of the block’s input: 0.25 in RegNet Y; 0 leaves it out (X).',
    ),
    stemChannels: integer(32, 1, 4096, 'Channels of the first convolution.'),
  }),
  presets: Object.fromEntries(rows.map((row) => [`regnet_${row[0]}`, preset(row)])),
  check: (o) =>
    o.initialWidth % 8 === 0
      ? []
      : [
          {
            path: '/initialWidth',
            message: `initialWidth ${o.initialWidth} must be a multiple of 8: use ${8 * Math.ceil(o.initialWidth / 8)}`,
          },
        ],
  build: (o) => {
    const g = new GraphBuilder()
    const unit = (id: string, x: string, outChannels: number, kernelSize: number, relu: boolean, stride = 1, groups = 1) =>
      convNormActivation(g, id, x, { outChannels, kernelSize, stride, groups, activation: relu ? 'ReLU' : null })
    let x = unit('stem', imageInput(g, o.resolution), o.stemChannels, 3, true, 2)
    let width = o.stemChannels
    stagesOf(o).forEach(({ outChannels, depth, groupWidth }, s) => {
      for (let b = 0; b < depth; b++) {
        const id = `trunk_output.block${s + 1}.block${s + 1}-${b}`
        const stride = b === 0 ? 2 : 1
        const shortcut = stride === 1 && width === outChannels ? x : unit(`${id}.proj`, x, outChannels, 1, false, stride)
        let y = unit(`${id}.f.b`, unit(`${id}.f.a`, x, outChannels, 1, true), outChannels, 3, true, stride, outChannels / groupWidth)
        if (o.squeezeRatio > 0) {
          const squeeze = Math.max(1, roundHalfEven(o.squeezeRatio * width))
          y = squeezeExcitation(g, `${id}.f.se`, y, { channels: outChannels, squeeze, activation: 'ReLU', gate: 'Sigmoid' })
        }
        y = unit(`${id}.f.c`, y, outChannels, 1, false)
        x = g.add('ReLU', `${id}.activation`, g.add('Add', `${id}.add`, [shortcut, y]))
        width = outChannels
      }
    })
    x = g.add('Flatten', 'flatten', g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1 }))
    return g.build(g.add('Linear', 'fc', x, { outFeatures: o.classes }))
  },
})

/** Python's `round`, and PyTorch's: halves to the even neighbor. */
function roundHalfEven(value: number): number {
  const down = Math.floor(value)
  return value - down === 0.5 ? down + (down % 2) : Math.round(value)
}

const f32 = Math.fround

/**
 * Widths of a line, quantized: u_j = w_0 + w_a·j is brought to w_0·w_m^s with whole s, then to multiples of 8, and blocks
 * of one width are a stage; a stage's width is then made a multiple of its group width (section 3.3 of the paper).
 */
function stagesOf(o: { depth: number; initialWidth: number; slope: number; step: number; groupWidth: number }) {
  const stages: { outChannels: number; depth: number }[] = []
  for (let j = 0; j < o.depth; j++) {
    // In single precision, as torchvision computes it: 360 × 2.3 / 8 is 103.5 there and rounds to 104, in doubles a little less.
    const line = f32(f32(j * f32(o.slope)) + o.initialWidth)
    const capacity = roundHalfEven(f32(f32(Math.log(f32(line / o.initialWidth))) / f32(Math.log(o.step))))
    const outChannels = 8 * roundHalfEven(f32(f32(o.initialWidth * f32(o.step ** capacity)) / 8))
    const last = stages.at(-1)
    if (last?.outChannels === outChannels) last.depth++
    else stages.push({ outChannels, depth: 1 })
  }
  return stages.map(({ outChannels, depth }) => {
    const groupWidth = Math.min(o.groupWidth, outChannels)
    return { outChannels: makeDivisible(outChannels, groupWidth), depth, groupWidth }
  })
}
