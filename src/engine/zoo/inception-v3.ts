import { GraphBuilder } from '../builder.ts'
import { defineFamily } from './shared/family.ts'
import { boolean, dropout, familyOptions, imageInput, number } from './shared/options.ts'
import { torchvision } from './shared/torchvision.ts'

const withHead =
  'torchvision counts the auxiliary head (3,326,696 parameters), which inference never runs; with auxiliaryHead ours is the same.'

/** Inception v3: factorized windows in three kinds of modules, an auxiliary classifier on or off. */
export const inceptionV3 = defineFamily({
  name: 'inception_v3',
  summary:
    'Inception v3: modules whose windows are factorized (7×7 into 1×7 and 7×1). torchvision’s pretrained weights also rescale the ' +
    'input’s three channels (transform_input), which is preprocessing and not part of this network.',
  source: 'Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception Architecture for Computer Vision", CVPR 2016',
  options: familyOptions(
    {
      widthMultiplier: number(1, 0.05, 8, 'Factor on the channels of every convolution, rounded down, and never fewer than 16.'),
      auxiliaryHead: boolean(false, 'The auxiliary classifier behind module 6e, used in training; adds an output.'),
      dropout: dropout(0.5, 'before the classifier'),
    },
    299,
  ),
  presets: {
    inception_v3: {
      options: {},
      summary: 'Inception v3 of torchvision, without its auxiliary head.',
      published: torchvision('inception_v3', 27_161_264, 5.713, 77.294, 93.45).map((figure) =>
        figure.quantity === 'params' ? { ...figure, note: withHead } : figure,
      ),
    },
  },
  build: (o) => {
    const g = new GraphBuilder()
    /** `kernel` and `padding` as torchvision writes them: one number, or [height, width]. */
    const conv = (
      id: string,
      x: string,
      outChannels: number,
      kernelSize: number | [number, number],
      padding: number | [number, number] = 0,
      stride = 1,
    ) => {
      const y = g.add('Conv2d', `${id}.conv`, x, {
        outChannels: Math.max(16, Math.floor(outChannels * o.widthMultiplier)),
        kernelSize,
        ...(stride === 1 ? {} : { stride }),
        ...(padding === 0 ? {} : { padding }),
        bias: false,
      })
      return g.add('ReLU', `${id}.relu`, g.add('BatchNorm2d', `${id}.bn`, y, { eps: 0.001 }), { functional: true })
    }
    const wide = (id: string, x: string, outChannels: number, span: 3 | 7) => conv(id, x, outChannels, [1, span], [0, (span - 1) / 2])
    const tall = (id: string, x: string, outChannels: number, span: 3 | 7) => conv(id, x, outChannels, [span, 1], [(span - 1) / 2, 0])
    const averaged = (id: string, x: string, outChannels: number) =>
      conv(
        `${id}.branch_pool`,
        g.add('AvgPool2d', `${id}.avg_pool2d`, x, { kernelSize: 3, stride: 1, padding: 1, functional: true }),
        outChannels,
        1,
      )
    const halved = (id: string, x: string) => g.add('MaxPool2d', `${id}.max_pool2d`, x, { kernelSize: 3, stride: 2, functional: true })
    const join = (id: string, branches: string[]) => g.add('Concat', `${id}.concat`, branches)
    /** Two 3×3 in a row, the second with this stride. */
    const double = (id: string, x: string, stride: 1 | 2) => {
      const y = conv(`${id}.branch3x3dbl_2`, conv(`${id}.branch3x3dbl_1`, x, 64, 1), 96, 3, 1)
      return conv(`${id}.branch3x3dbl_3`, y, 96, 3, stride === 1 ? 1 : 0, stride)
    }
    const a = (id: string, x: string, pooled: number) =>
      join(id, [
        conv(`${id}.branch1x1`, x, 64, 1),
        conv(`${id}.branch5x5_2`, conv(`${id}.branch5x5_1`, x, 48, 1), 64, 5, 2),
        double(id, x, 1),
        averaged(id, x, pooled),
      ])
    const b = (id: string, x: string) => join(id, [conv(`${id}.branch3x3`, x, 384, 3, 0, 2), double(id, x, 2), halved(id, x)])
    const c = (id: string, x: string, width: number) => {
      const single = wide(`${id}.branch7x7_2`, conv(`${id}.branch7x7_1`, x, width, 1), width, 7)
      let twice = tall(`${id}.branch7x7dbl_2`, conv(`${id}.branch7x7dbl_1`, x, width, 1), width, 7)
      twice = tall(`${id}.branch7x7dbl_4`, wide(`${id}.branch7x7dbl_3`, twice, width, 7), width, 7)
      return join(id, [
        conv(`${id}.branch1x1`, x, 192, 1),
        tall(`${id}.branch7x7_3`, single, 192, 7),
        wide(`${id}.branch7x7dbl_5`, twice, 192, 7),
        averaged(id, x, 192),
      ])
    }
    const d = (id: string, x: string) => {
      const narrow = conv(`${id}.branch3x3_2`, conv(`${id}.branch3x3_1`, x, 192, 1), 320, 3, 0, 2)
      const seven = tall(`${id}.branch7x7x3_3`, wide(`${id}.branch7x7x3_2`, conv(`${id}.branch7x7x3_1`, x, 192, 1), 192, 7), 192, 7)
      return join(id, [narrow, conv(`${id}.branch7x7x3_4`, seven, 192, 3, 0, 2), halved(id, x)])
    }
    const e = (id: string, x: string) => {
      const both = (branch: string, y: string, n: number) =>
        join(branch, [wide(`${branch}_${n}a`, y, 384, 3), tall(`${branch}_${n}b`, y, 384, 3)])
      const twice = conv(`${id}.branch3x3dbl_2`, conv(`${id}.branch3x3dbl_1`, x, 448, 1), 384, 3, 1)
      return join(id, [
        conv(`${id}.branch1x1`, x, 320, 1),
        both(`${id}.branch3x3`, conv(`${id}.branch3x3_1`, x, 384, 1), 2),
        both(`${id}.branch3x3dbl`, twice, 3),
        averaged(id, x, 192),
      ])
    }
    const auxiliary = (x: string) => {
      let y = g.add('AvgPool2d', 'AuxLogits.avg_pool2d', x, { kernelSize: 5, stride: 3, functional: true })
      y = conv('AuxLogits.conv1', conv('AuxLogits.conv0', y, 128, 1), 768, 5)
      y = g.add('AdaptiveAvgPool2d', 'AuxLogits.adaptive_avg_pool2d', y, { outputSize: 1, functional: true })
      return g.add('Linear', 'AuxLogits.fc', g.add('Flatten', 'AuxLogits.flatten', y), { outFeatures: o.classes })
    }

    let x = conv('Conv2d_1a_3x3', imageInput(g, o.resolution), 32, 3, 0, 2)
    x = conv('Conv2d_2b_3x3', conv('Conv2d_2a_3x3', x, 32, 3), 64, 3, 1)
    x = g.add('MaxPool2d', 'maxpool1', x, { kernelSize: 3, stride: 2 })
    x = conv('Conv2d_4a_3x3', conv('Conv2d_3b_1x1', x, 80, 1), 192, 3)
    x = g.add('MaxPool2d', 'maxpool2', x, { kernelSize: 3, stride: 2 })
    x = a('Mixed_5d', a('Mixed_5c', a('Mixed_5b', x, 32), 64), 64)
    x = c('Mixed_6c', c('Mixed_6b', b('Mixed_6a', x), 128), 160)
    const sixth = c('Mixed_6e', c('Mixed_6d', x, 160), 192)
    x = e('Mixed_7c', e('Mixed_7b', d('Mixed_7a', sixth)))
    x = g.add('AdaptiveAvgPool2d', 'avgpool', x, { outputSize: 1 })
    if (o.dropout > 0) x = g.add('Dropout', 'dropout', x, { p: o.dropout })
    x = g.add('Linear', 'fc', g.add('Flatten', 'flatten', x), { outFeatures: o.classes })
    return o.auxiliaryHead ? g.build(x, auxiliary(sixth)) : g.build(x)
  },
})
