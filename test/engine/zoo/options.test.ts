import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError } from '../../../src/engine/errors.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'

function refusal(reference: unknown): EngineError {
  try {
    expandZoo(reference)
  } catch (cause) {
    assert.ok(cause instanceof EngineError, String(cause))
    return cause
  }
  throw new Error(`${JSON.stringify(reference)} was accepted`)
}

const problems = (reference: unknown) => refusal(reference).errors.map(({ path, message }) => `${path}: ${message}`)

test('an unknown family or preset names the nearest, or the other kind where it is one', () => {
  const cases = [
    [{ preset: 'resnet5O' }, 'UNKNOWN_ZOO_PRESET', /did you mean "resnet50"/],
    [{ preset: 'ResNet-50' }, 'UNKNOWN_ZOO_PRESET', /did you mean "resnet50"/],
    [{ preset: 'resnet' }, 'UNKNOWN_ZOO_PRESET', /it is a family, write family "resnet"/],
    [{ preset: 'constructor' }, 'UNKNOWN_ZOO_PRESET', /there is no zoo preset/],
    [{ preset: 50 }, 'UNKNOWN_ZOO_PRESET', /named by a string/],
    [{ family: 'resent', options: {} }, 'UNKNOWN_ZOO_FAMILY', /did you mean "resnet"/],
    [{ family: 'resnet50' }, 'UNKNOWN_ZOO_FAMILY', /it is a preset, write preset "resnet50"/],
    [{ family: '__proto__' }, 'UNKNOWN_ZOO_FAMILY', /there is no zoo family/],
    [{ family: null }, 'UNKNOWN_ZOO_FAMILY', /named by a string/],
  ] as const
  for (const [reference, code, message] of cases) {
    const error = refusal(reference)
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.equal(error.errors.length, 1)
  }
})

test('a reference that is none says what one is', () => {
  for (const reference of [null, undefined, [], 'resnet50', 3])
    assert.match(refusal(reference).message, /an object \{preset\} or \{family, options\}/)
  assert.match(refusal({}).message, /either preset, or family/)
  assert.match(refusal({ preset: 'resnet50', family: 'resnet' }).message, /either preset, or family/)
  assert.match(refusal({ preset: 'resnet50', option: {} }).message, /did you mean "options"/)
  assert.match(refusal({ preset: 'resnet50', options: [] }).message, /options is an object/)
  assert.match(refusal({ preset: 'resnet50', options: null }).message, /options is an object/)
})

test('every problem of the options at once, each with its path and what would be right', () => {
  const error = refusal({
    family: 'vgg',
    options: { stages: [{ convs: 0, chanels: 3, kernelSize: 4 }], classe: 10, resolution: 0, batchNorm: 'yes', layout: 'caffe' },
  })
  assert.equal(error.code, 'INVALID_ZOO_OPTIONS')
  assert.deepEqual(
    error.errors.map(({ path, message }) => [path, /did you mean "(\w+)"/.exec(message)?.[1] ?? /must be ([^,]+)/.exec(message)?.[1]]),
    [
      ['/options/classe', 'classes'],
      ['/options/resolution', 'an integer from 1 to 8192'],
      ['/options/stages/0/chanels', 'channels'],
      ['/options/stages/0/convs', 'an integer from 1 to 16'],
      ['/options/stages/0/channels', 'an integer from 1 to 16384'],
      ['/options/batchNorm', 'true or false'],
      ['/options/layout', '"torchvision"'],
    ],
  )
})

test('rules that span options: all that are broken', () => {
  assert.deepEqual(problems({ family: 'resnet', options: { block: 'basic', cardinality: 32, strideIn: '1x1', depths: [100, 50] } }), [
    '/options/depths: depths asks for 150 blocks, but a network may have at most 128',
    '/options/cardinality: cardinality 32 needs block "bottleneck": leave cardinality at 1, or change block',
    '/options/strideIn: strideIn "1x1" needs block "bottleneck": leave strideIn at "3x3", or change block',
  ])
  assert.deepEqual(problems({ family: 'resnet', options: { baseChannels: 8, widthPerGroup: 4 } }), [
    '/options/widthPerGroup: widthPerGroup 4 leaves no channel at baseChannels 8: use at least 8',
  ])
  assert.deepEqual(problems({ preset: 'shufflenet_v2_x1_0', options: { stageChannels: [115, 232] } }), [
    '/options/stageRepeats: stageRepeats has 3 entries, but stageChannels has 2: give each stage both',
    '/options/stageChannels/0: stageChannels 115 cannot be split in two: use an even number, such as 116',
  ])
  assert.deepEqual(problems({ preset: 'alexnet_2012', options: { groups: 3 } }), [
    '/options/channels/1: channels 256 must be a multiple of groups 3: use 258',
    '/options/channels/4: channels 256 must be a multiple of groups 3: use 258',
  ])
  assert.match(
    problems({ family: 'vgg', options: { stages: [{ convs: 1, channels: 8, kernelSize: 4 }] } })[0]!,
    /use an odd one, such as 5/,
  )
  assert.match(problems({ family: 'squeezenet', options: { squeezeRatio: 0.001 } })[0]!, /squeezeRatio 0.001 leaves no channel of 128/)
  assert.match(problems({ family: 'squeezenet', options: { baseExpand: 2, share3x3: 0.01, squeezeRatio: 1 } })[0]!, /share3x3 0.01 leaves/)
})

test('rules that span options, of the families with groups, stages and steps', () => {
  assert.deepEqual(problems({ family: 'shufflenet_v1', options: { groups: 5, stageChannels: [241, 480, 480] } }), [
    '/options/stageChannels/0: stageChannels 241 must be a multiple of 4 × groups (20): use 260',
    '/options/stageChannels/2: stageChannels 480 must be more than the 480 channels before it: use 500',
  ])
  assert.match(problems({ family: 'shufflenet_v1', options: { stemChannels: 25 } })[0]!, /stemChannels 25 leaves 215 .* a multiple of 3/)
  assert.match(problems({ family: 'nasnet', options: { penultimateFilters: 1000 } })[0]!, /must be a multiple of 96: use 1056/)
  assert.match(problems({ family: 'regnet', options: { initialWidth: 20 } })[0]!, /must be a multiple of 8: use 24/)
  const stage = { expansion: 6, kernelSize: 4, stride: 1, channels: 8, repeats: 49 }
  assert.deepEqual(problems({ family: 'efficientnet', options: { stages: [stage], depthMultiplier: 2 } }), [
    '/options/stages: stages asks for 98 blocks, but a network may have at most 96',
    '/options/stages/0/kernelSize: kernelSize 4 cannot be padded alike on both sides: use an odd one, such as 5',
  ])
})

test('ResNeXt at equal cost: the widths of the paper’s table 2, and the options say them', () => {
  // Xie et al., table 2: cardinality 1, 2, 4, 8, 32 and the width of each group, about 70 thousand weights a block.
  for (const [cardinality, width] of [
    [1, 64],
    [2, 40],
    [4, 24],
    [8, 14],
    [32, 4],
  ] as const) {
    const { options, spec } = expandZoo({ family: 'resnet', options: { cardinality, widthPerGroup: 'equalCost' } })
    assert.equal(options.widthPerGroup, width)
    assert.deepEqual(spec, expandZoo({ family: 'resnet', options: { cardinality, widthPerGroup: width } }).spec)
    const weights = cardinality * (256 * width + 9 * width * width + width * 256)
    assert.equal(Math.round(weights / 1e4), 7, `${cardinality} × ${width}d`)
  }
  assert.deepEqual(
    expandZoo({ preset: 'resnet50', options: { cardinality: 32, widthPerGroup: 'equalCost' } }).spec,
    expandZoo({ preset: 'resnext50_32x4d' }).spec,
  )
  assert.match(
    problems({ family: 'resnet', options: { cardinality: 100, widthPerGroup: 'equalCost' } })[0]!,
    /within a tenth .* such as 72/,
  )
})

test('a number in the place of a string and the reverse are refused, never converted', () => {
  assert.match(problems({ preset: 'resnet50', options: { classes: '10' } })[0]!, /classes is "10", but must be an integer/)
  assert.match(problems({ preset: 'resnet50', options: { classes: 10.5 } })[0]!, /classes is 10.5, but must be an integer/)
  assert.match(problems({ preset: 'resnet50', options: { resolution: [224] } })[0]!, /resolution is \[224\]/)
})

test('options fill in: the user’s over the preset’s over the defaults, all written out', () => {
  const { family, preset, options } = expandZoo({ preset: 'resnet18', options: { classes: 7 } })
  assert.equal(family, 'resnet')
  assert.equal(preset, 'resnet18')
  assert.deepEqual(options, {
    classes: 7,
    resolution: 224,
    block: 'basic',
    depths: [2, 2, 2, 2],
    baseChannels: 64,
    cardinality: 1,
    widthPerGroup: 64,
    strideIn: '3x3',
    convBias: false,
  })
  const nested = expandZoo({ family: 'vgg', options: { stages: [{ convs: 1, channels: 4 }] } }).options
  assert.deepEqual(nested.stages, [{ convs: 1, channels: 4, kernelSize: 3 }])
})

test('a reference expands to the same network as its written-out options', () => {
  for (const preset of [
    'alexnet_2012',
    'mobilenet_v2',
    'densenet161',
    'googlenet_2014',
    'efficientnet_v2_s',
    'regnet_y_400mf',
    'nasnet_mobile',
  ]) {
    const first = expandZoo({ preset, options: { classes: 12 } })
    assert.deepEqual(expandZoo({ family: first.family, options: first.options }).spec, first.spec)
  }
})

test('what is given and what is kept are apart: neither the reference, nor a preset, nor a default is changed by use', () => {
  const stages = [{ convs: 1, channels: 4 }]
  const given = { family: 'vgg', options: { stages } }
  const { options } = expandZoo(given)
  assert.deepEqual(given, { family: 'vgg', options: { stages: [{ convs: 1, channels: 4 }] } })
  ;(options.stages as object[]).push({ convs: 9, channels: 9 })
  ;(expandZoo({ preset: 'densenet121' }).options.blocks as number[]).push(1)
  ;(expandZoo({ preset: 'densenet161' }).options.blocks as number[]).push(1)
  assert.deepEqual(expandZoo({ preset: 'densenet121' }).options.blocks, [6, 12, 24, 16])
  assert.deepEqual(expandZoo({ preset: 'densenet161' }).options.blocks, [6, 12, 36, 24])
})

test('a list past its bound says how many entries it may have', () => {
  assert.deepEqual(problems({ family: 'vgg', options: { stages: new Array(11).fill({ convs: 1, channels: 1 }) } }), [
    '/options/stages: stages has 11 entries, but must be a list of 1 to 10 values, each an object',
  ])
  assert.match(
    problems({ preset: 'alexnet', options: { resolution: [1, 2, 3] } })[0]!,
    /resolution has 3 entries, but must be an integer from 1 to 8192, or a list of 2 values/,
  )
  assert.match(problems({ preset: 'alexnet', options: { classes: [10] } })[0]!, /classes is \[10\], but must be an integer/)
})

test('a key named __proto__ is an unknown key like any other', () => {
  assert.match(problems({ preset: 'alexnet', options: JSON.parse('{"__proto__": {"classes": 3}}') })[0]!, /unknown key "__proto__"/)
})
