import { GraphBuilder } from '../builder.ts'
import { defineFamily, type PublishedFigure } from './shared/family.ts'
import { boolean, familyOptions, imageInput, integer } from './shared/options.ts'

const paper = 'Zoph, Vasudevan, Shlens and Le, "Learning Transferable Architectures for Scalable Image Recognition", CVPR 2018'
/** What another implementation counts, running statistics apart. */
const counted = (value: number, source: string): PublishedFigure => ({ quantity: 'params', value, source })

/** A feature map: reference, channels, and [height, width], which decide how the map before it is brought to its size. */
interface FeatureMap {
  id: string
  channels: number
  size: readonly [number, number]
}
const half = (n: number) => Math.ceil(n / 2)

/** NASNet-A: searched normal and reduction cells, each of which reads the two maps before it. */
export const nasnet = defineFamily({
  name: 'nasnet',
  summary: 'NASNet-A: searched normal and reduction cells, each reading the outputs of the two before it. Padding as TensorFlow’s "same".',
  source: paper,
  options: familyOptions({
    cellsPerStack: integer(4, 1, 7, 'Normal cells of each of the three stacks (N).'),
    penultimateFilters: integer(
      1056,
      96,
      16_128,
      'Channels of the last map, a multiple of 96: 24 times the filters of a first stack’s cell.',
    ),
    stemChannels: integer(32, 1, 1024, 'Channels of the first convolution.'),
    skipReduction: boolean(
      false,
      'The cell after a reduction cell reads, as its older map, the one before the reduction’s input ("large") instead of that input.',
    ),
  }),
  presets: {
    nasnet_mobile: {
      options: {},
      summary: 'NASNet-A mobile, 4 @ 1056.',
      published: [
        counted(5_289_978, 'Keras Applications, NASNetMobile: trainable parameters'),
        { quantity: 'params', value: 5.3e6, rounding: 1e5, source: `${paper}, table 3` },
        { quantity: 'macs', value: 564e6, rounding: 1e6, source: `${paper}, table 3` },
        { quantity: 'top1', value: 74, source: `${paper}, table 3` },
        { quantity: 'top5', value: 91.6, source: `${paper}, table 3` },
      ],
    },
    nasnet_large: {
      options: { cellsPerStack: 6, penultimateFilters: 4032, stemChannels: 96, skipReduction: true, resolution: 331 },
      summary: 'NASNet-A large, 6 @ 4032.',
      published: [
        counted(88_753_150, 'timm, nasnetalarge: parameters of the PyTorch module'),
        {
          quantity: 'params',
          value: 88.9e6,
          rounding: 1e5,
          source: `${paper}, table 2`,
          note: 'With batch normalization’s moving statistics ours is 88.95 M, of which the paper gives three digits.',
        },
        { quantity: 'macs', value: 23.8e9, rounding: 1e8, source: `${paper}, table 2` },
        { quantity: 'top1', value: 82.7, source: `${paper}, table 2` },
        { quantity: 'top5', value: 96.2, source: `${paper}, table 2` },
      ],
    },
  },
  check: (o) =>
    o.penultimateFilters % 96 === 0
      ? []
      : [
          {
            path: '/penultimateFilters',
            message: `penultimateFilters ${o.penultimateFilters} must be a multiple of 96: use ${96 * Math.ceil(o.penultimateFilters / 96)}`,
          },
        ],
  build: (o) => {
    const g = new GraphBuilder()
    const norm = (id: string, x: string) => g.add('BatchNorm2d', id, x, { eps: 0.001 })
    const project = (id: string, x: string, outChannels: number) =>
      g.add('Conv2d', `${id}.conv`, x, { outChannels, kernelSize: 1, bias: false })
    const add = (id: string, left: string, right: string) => g.add('Add', id, [left, right])

    /** The older map brought to the newer one's size and to `filters` channels. */
    const adjusted = (id: string, older: FeatureMap, newer: FeatureMap, filters: number): string => {
      const smaller = older.size[0] !== newer.size[0] || older.size[1] !== newer.size[1]
      if (!smaller && older.channels === filters) return older.id
      const x = g.add('ReLU', `${id}.relu`, older.id)
      if (!smaller) return norm(`${id}.bn`, project(id, x, filters))
      // Every other pixel, from the first on and from the second on, so that neither half is lost.
      const path = (name: string, y: string, channels: number) =>
        project(name, g.add('AvgPool2d', `${name}.pool`, y, { kernelSize: 1, stride: 2 }), channels)
      let shifted = g.add('Pad', `${id}.path2.pad`, x, { padding: [0, 0, 1, 1] })
      shifted = g.add('Slice', `${id}.path2.rows`, shifted, { dim: 2, start: 1 })
      shifted = g.add('Slice', `${id}.path2.columns`, shifted, { dim: 3, start: 1 })
      return norm(
        `${id}.bn`,
        g.add('Concat', `${id}.concat`, [path(`${id}.path1`, x, filters / 2), path(`${id}.path2`, shifted, filters / 2)]),
      )
    }
    /** Twice ReLU, depthwise, pointwise, batch normalization; the first depthwise has the stride. */
    const separable = (id: string, from: { id: string; channels: number }, filters: number, kernelSize: number, stride = 1) => {
      let { id: x, channels } = from
      for (const n of [1, 2]) {
        x = g.add('Conv2d', `${id}.depthwise${n}`, g.add('ReLU', `${id}.relu${n}`, x), {
          outChannels: channels,
          kernelSize,
          ...(n === 1 && stride === 2 ? { stride } : {}),
          padding: 'same',
          groups: channels,
          bias: false,
        })
        x = norm(`${id}.bn${n}`, g.add('Conv2d', `${id}.pointwise${n}`, x, { outChannels: filters, kernelSize: 1, bias: false }))
        channels = filters
      }
      return x
    }
    const average = (id: string, x: string) =>
      g.add('AvgPool2d', id, x, { kernelSize: 3, stride: 1, padding: 'same', countIncludePad: false })
    const squeezed = (id: string, x: string, filters: number) => norm(`${id}.bn`, project(id, g.add('ReLU', `${id}.relu`, x), filters))

    const normal = (id: string, newer: FeatureMap, older: FeatureMap, filters: number): FeatureMap => {
      const p = adjusted(`${id}.adjust`, older, newer, filters)
      const h = squeezed(`${id}.squeeze`, newer.id, filters)
      const [fromP, fromH] = [
        { id: p, channels: filters },
        { id: h, channels: filters },
      ]
      const parts = [
        p,
        add(`${id}.add1`, separable(`${id}.left1`, fromH, filters, 5), separable(`${id}.right1`, fromP, filters, 3)),
        add(`${id}.add2`, separable(`${id}.left2`, fromP, filters, 5), separable(`${id}.right2`, fromP, filters, 3)),
        add(`${id}.add3`, average(`${id}.left3`, h), p),
        add(`${id}.add4`, average(`${id}.left4`, p), average(`${id}.right4`, p)),
        add(`${id}.add5`, separable(`${id}.left5`, fromH, filters, 3), h),
      ]
      return { id: g.add('Concat', `${id}.concat`, parts), channels: 6 * filters, size: newer.size }
    }
    const reduction = (id: string, newer: FeatureMap, older: FeatureMap | null, filters: number): FeatureMap => {
      const fromP = older
        ? { id: adjusted(`${id}.adjust`, older, newer, filters), channels: filters }
        : { id: newer.id, channels: newer.channels }
      const h = squeezed(`${id}.squeeze`, newer.id, filters)
      const window = { kernelSize: 3, stride: 2, padding: 'same' }
      const pooled = g.add('MaxPool2d', `${id}.maxpool`, h, window)
      const first = add(
        `${id}.add1`,
        separable(`${id}.left1`, { id: h, channels: filters }, filters, 5, 2),
        separable(`${id}.right1`, fromP, filters, 7, 2),
      )
      const second = add(`${id}.add2`, pooled, separable(`${id}.right2`, fromP, filters, 7, 2))
      const third = add(`${id}.add3`, g.add('AvgPool2d', `${id}.left3`, h, window), separable(`${id}.right3`, fromP, filters, 5, 2))
      const parts = [
        second,
        third,
        add(`${id}.add4`, average(`${id}.left4`, first), second),
        add(`${id}.add5`, separable(`${id}.left5`, { id: first, channels: filters }, filters, 3), pooled),
      ]
      return { id: g.add('Concat', `${id}.concat`, parts), channels: 4 * filters, size: [half(newer.size[0]), half(newer.size[1])] }
    }

    const [height, width] = typeof o.resolution === 'number' ? [o.resolution, o.resolution] : o.resolution
    const stem = g.add('Conv2d', 'stem.conv', imageInput(g, o.resolution), {
      outChannels: o.stemChannels,
      kernelSize: 3,
      stride: 2,
      bias: false,
    })
    const afterStem = (n: number) => Math.max(1, Math.floor((n - 1) / 2))
    const filters = o.penultimateFilters / 24
    let older: FeatureMap = { id: norm('stem.bn', stem), channels: o.stemChannels, size: [afterStem(height), afterStem(width)] }
    let newer = reduction('stem_cell1', older, null, filters / 4)
    ;[older, newer] = [newer, reduction('stem_cell2', newer, older, filters / 2)]
    for (let stack = 0; stack < 3; stack++) {
      const scaled = filters * 2 ** stack
      if (stack > 0) {
        const reduced = reduction(`reduction${stack}`, newer, older, scaled)
        ;[older, newer] = [o.skipReduction ? older : newer, reduced]
      }
      for (let n = 0; n < o.cellsPerStack; n++) {
        const id = `cell${stack * o.cellsPerStack + n}`
        ;[older, newer] = [newer, normal(id, newer, older, scaled)]
      }
    }
    const x = g.add('GlobalAvgPool2d', 'global_pool', g.add('ReLU', 'relu', newer.id))
    return g.build(g.add('Linear', 'predictions', g.add('Flatten', 'flatten', x), { outFeatures: o.classes }))
  },
})
