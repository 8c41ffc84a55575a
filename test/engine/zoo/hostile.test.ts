import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { EngineError } from '../../../src/engine/errors.ts'
import { defaultLimits } from '../../../src/engine/limits.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo, families } from '../../../src/engine/zoo/index.ts'

/** mulberry32: a small seeded generator, so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

type Schema = Record<string, any>
/** A value the schema accepts; `pull` in [0, 1) draws towards its bounds. */
function draw(schema: Schema, random: () => number): unknown {
  if (schema.anyOf) return draw(schema.anyOf[Math.floor(random() * schema.anyOf.length)], random)
  if ('const' in schema) return schema.const
  if (schema.type === 'boolean') return random() < 0.5
  if (schema.type === 'integer') {
    // Small numbers as often as large ones.
    const span = Math.log(schema.maximum - schema.minimum + 1)
    return schema.minimum + Math.floor(Math.exp(random() * span) - 1)
  }
  if (schema.type === 'number') return schema.minimum + random() * (schema.maximum - schema.minimum)
  if (schema.type === 'array') {
    if (Array.isArray(schema.items)) return schema.items.map((item: Schema) => draw(item, random))
    const length = schema.minItems + Math.floor(random() * (schema.maxItems - schema.minItems + 1))
    return Array.from({ length }, () => draw(schema.items, random))
  }
  return Object.fromEntries(
    Object.entries<Schema>(schema.properties)
      .filter(([name]) => schema.required?.includes(name) || random() < 0.5)
      .map(([name, property]) => [name, draw(property, random)]),
  )
}

test('random options, within their bounds, cost a bounded network or are refused in words', () => {
  const random = seeded(20_190_904)
  let built = 0
  for (const family of families)
    for (let i = 0; i < 40; i++) {
      const options = draw(family.options, random) as Record<string, unknown>
      try {
        const { spec } = expandZoo({ family: family.name, options })
        assert.ok(spec.layers.length <= defaultLimits.maxLayers / 2, `${family.name}: ${spec.layers.length} layers`)
        const costs = computeCosts(verifyGraph(spec))
        assert.ok(Number.isSafeInteger(costs.totals.macs))
        built++
      } catch (cause) {
        assert.ok(cause instanceof EngineError, `${family.name} ${JSON.stringify(options)}: ${cause}`)
        assert.ok(cause.message.length > 10)
      }
    }
  assert.ok(built > 100, `${built} built`)
})

test('the largest network each family allows is bounded in layers', () => {
  const largest: Record<string, object> = {
    alexnet: { localResponseNorm: true },
    convnext: { depths: [60, 60, 2, 2, 1, 1, 1, 1], widths: new Array(8).fill(8), patchSize: 1, resolution: 512 },
    densenet: { blocks: [63, 63, 10, 6, 1, 1] },
    efficientnet: { stages: new Array(2).fill({ expansion: 6, kernelSize: 3, channels: 64, repeats: 48, stride: 1 }) },
    googlenet: { auxiliaryHeads: true, localResponseNorm: true },
    inception_v3: { auxiliaryHead: true },
    mnasnet: {},
    mobilenet_v1: {},
    mobilenet_v2: { stages: new Array(2).fill({ expansion: 6, channels: 64, repeats: 64, stride: 1 }) },
    mobilenet_v3: { size: 'large' },
    nasnet: { cellsPerStack: 7 },
    regnet: { depth: 64, squeezeRatio: 1 },
    resnet: { depths: [100, 25, 2, 1] },
    shufflenet_v1: { stageRepeats: [60, 60, 8] },
    shufflenet_v2: { stageRepeats: [60, 60, 8] },
    squeezenet: {},
    vgg: { stages: new Array(10).fill({ convs: 16, channels: 8 }), batchNorm: true, resolution: 8192 },
  }
  for (const { name } of families) {
    assert.ok(largest[name], name)
    const { spec } = expandZoo({ family: name, options: largest[name] as Record<string, unknown> })
    verifyGraph(spec)
    assert.ok(spec.layers.length <= 1500, `${name}: ${spec.layers.length}`)
  }
})

test('options past their bounds are refused before anything is built', () => {
  const hostile: [string, Record<string, unknown>][] = [
    ['resnet', { depths: new Array(100_000).fill(1) }],
    ['resnet', { depths: [128, 128, 128, 128] }],
    ['resnet', { baseChannels: 1e9 }],
    ['densenet', { blocks: [63, 63, 63, 63, 63, 63] }],
    ['vgg', { stages: new Array(50_000).fill({ convs: 16, channels: 16_384 }) }],
    ['mobilenet_v2', { stages: new Array(16).fill({ expansion: 16, channels: 16_384, repeats: 64, stride: 1 }) }],
    ['mobilenet_v2', { widthMultiplier: 1e300 }],
    ['efficientnet', { depthMultiplier: 8 }],
    ['nasnet', { cellsPerStack: 1000 }],
    ['regnet', { depth: 1e6 }],
    ['shufflenet_v2', { stageRepeats: [128, 128, 128] }],
    ['alexnet', { resolution: 2 ** 31 }],
    ['alexnet', { resolution: new Array(100_000).fill(224) }],
    ['alexnet', { channels: new Array(100_000).fill(64) }],
    ['squeezenet', { classes: Number.MAX_SAFE_INTEGER }],
    ['googlenet', Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`option${i}`, i]))],
  ]
  for (const [family, options] of hostile)
    assert.throws(
      () => expandZoo({ family, options }),
      (cause) => cause instanceof EngineError && cause.code === 'INVALID_ZOO_OPTIONS' && cause.errors.length <= 1000,
      family,
    )
})
