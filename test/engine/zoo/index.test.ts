import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { findOp } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo, families, type PublishedFigure } from '../../../src/engine/zoo/index.ts'
import { costsOf } from './reference.ts'

const folder = new URL('../../../src/engine/zoo/', import.meta.url)

test('folder and index hold together: each file is one family of the list', async () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts')
  const inFolder = await Promise.all(files.map(async (name) => Object.values(await import(new URL(name, folder).href))))
  for (const [i, exported] of inFolder.entries()) assert.equal(exported.length, 1, `${files[i]} exports its family and nothing else`)
  assert.deepEqual(new Set(inFolder.flat()), new Set(families))
  assert.equal(files.length, families.length)
  for (const family of families) assert.ok(files.includes(`${family.name.replaceAll('_', '-')}.ts`), family.name)
})

test('names of families and of presets are one each', () => {
  const presets = families.flatMap((family) => Object.keys(family.presets))
  assert.equal(new Set(presets).size, presets.length)
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length)
})

test('each option has a description, and a default that fits; classes and resolution are everywhere', () => {
  for (const family of families) {
    const properties = Object.entries<any>(family.options.properties)
    for (const [name, schema] of properties) {
      assert.ok(schema.description?.length > 10, `${family.name} ${name}`)
      assert.ok('default' in schema && Value.Check(schema, schema.default), `${family.name} ${name}`)
    }
    for (const common of ['classes', 'resolution']) assert.ok(common in family.options.properties, family.name)
    assert.equal(family.options.additionalProperties, false)
    // Optional in the published schema: a reference may leave each of them out.
    assert.deepEqual(family.options.required ?? [], [])
  }
})

test('the options of each preset fit its family, and so do the defaults alone', () => {
  for (const family of families) {
    verifyGraph(expandZoo({ family: family.name }).spec)
    for (const [name, preset] of Object.entries(family.presets)) {
      assert.ok(Value.Check(family.options, preset.options), name)
      assert.match(preset.summary, /^\w.{5,}\.$/, name)
    }
  }
})

test('a spec is the JSON a user would have written: it survives JSON, names every input, and sets no attribute to its default in vain', () => {
  for (const family of families)
    for (const preset of Object.keys(family.presets)) {
      const { spec } = expandZoo({ preset })
      assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec)
      const graph = verifyGraph(spec)
      assert.equal(graph.layers.length, spec.layers.length)
      assert.deepEqual(verifyGraph(JSON.parse(JSON.stringify(spec))), graph)
      for (const layer of spec.layers) assert.ok(findOp(layer.type), layer.type)
    }
})

/** Our figure as its source would have printed it. */
const rounded = (value: number, { rounding }: PublishedFigure) => (rounding ? Math.round(value / rounding) * rounding : value)

test('each preset carries published figures with a source; ours is equal to their digits, or the figure says why not', () => {
  for (const family of families)
    for (const [name, preset] of Object.entries(family.presets)) {
      assert.ok(preset.published && preset.published.length > 0, name)
      const { totals, layers } = costsOf({ preset: name })
      const tabled = layers.filter(({ type }) => type === 'Conv2d' || type === 'Linear').reduce((n, { memoryKiB }) => n + memoryKiB, 0)
      const ours = { params: totals.params, macs: totals.macs, flops: totals.flops, memoryMiB: tabled / 1024 }
      for (const figure of preset.published) {
        assert.ok(figure.source.length > 10, name)
        if (figure.quantity === 'top1' || figure.quantity === 'top5') {
          assert.ok(figure.value > 30 && figure.value < 100, name)
          continue
        }
        const equal = Math.abs(rounded(ours[figure.quantity], figure) - figure.value) < 1e-6
        assert.notEqual(equal, figure.note !== undefined, `${name} ${figure.quantity} ${figure.value}: ours is ${ours[figure.quantity]}`)
      }
    }
})
