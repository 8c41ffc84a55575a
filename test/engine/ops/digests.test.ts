import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { digestOf } from '../../../src/api/features/architectures/specification.ts'
import { ops } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'

interface Recorded {
  input: number[]
  layer: { type: string }
  digest: string
}

/**
 * A registered architecture is found again by its digest, so the canonical attributes of an op must not change once it is
 * out. The digests were recorded at a released commit; see the file's `source`.
 */
const { layers } = JSON.parse(readFileSync(new URL('../../fixtures/digests/ops-with-rank.json', import.meta.url), 'utf8')) as {
  layers: Recorded[]
}

test('layers over one, two and three spatial dims keep the digests they were registered under', () => {
  for (const { input, layer, digest } of layers)
    assert.equal(digestOf(verifyGraph({ input: { shape: input }, layers: [layer] })), digest, JSON.stringify(layer))
})

test('every op of a stated rank has a recorded digest', () => {
  const recorded = new Set(layers.map(({ layer }) => layer.type))
  const missing = ops.map((op) => op.type).filter((type) => /[123]d$/.test(type) && !recorded.has(type))
  assert.deepEqual(missing, [])
})
