/** Digests are kept in databases: a graph and a request keep theirs, whatever writes the canonical JSON. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { canonicalHash } from '../../src/api/canonical.ts'
import { digestOf } from '../../src/api/features/architectures/specification.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'

/** Written by the code that came before `canonical.ts`; a Python script checked the presets' (json.dumps, sort_keys). */
const stored = JSON.parse(readFileSync(new URL('../fixtures/digests/digests.json', import.meta.url), 'utf8')) as {
  presets: Record<string, string>
  graphs: Record<string, { spec: unknown; digest: string }>
  /** With every default written out, as `readRun` gave them then. */
  requests: { request: object; hash: string }[]
}

describe('canonical JSON', () => {
  it('gives every preset of the zoo the digest it had', () => {
    const now = Object.keys(stored.presets).map((preset) => [preset, digestOf(verifyGraph(expandZoo({ preset }).spec))])
    assert.deepEqual(Object.fromEntries(now), stored.presets)
  })

  it('gives graphs with attributes, inputs and outputs the digest they had', () => {
    for (const [name, { spec, digest }] of Object.entries(stored.graphs)) assert.equal(digestOf(verifyGraph(spec)), digest, name)
  })

  it('gives requests the hash they had', () => {
    for (const { request, hash } of stored.requests) assert.equal(canonicalHash(request), hash)
  })

  it('is JSON with the keys of each object in order, down to the last', () => {
    const text = '{"a":[{"x":null,"y":1.5},"é"],"b":{"A":true,"_":"","a":0}}'
    const value = { b: { a: 0, _: '', A: true }, a: [{ y: 1.5, x: null }, 'é'], c: undefined }
    assert.equal(canonicalHash(value), createHash('sha256').update(text).digest('hex'))
  })
})
