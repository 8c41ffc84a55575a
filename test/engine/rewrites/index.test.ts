import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { EngineError } from '../../../src/engine/errors.ts'
import { rewriteGraph } from '../../../src/engine/rewrites/apply.ts'
import { rewrites } from '../../../src/engine/rewrites/index.ts'
import { graphOf } from '../run-graph.ts'

const folder = new URL('../../../src/engine/rewrites/', import.meta.url)

test('every file that defines a rewrite has its line in the index, and every rewrite its file', () => {
  const defining = readdirSync(folder).filter(
    (name) => name.endsWith('.ts') && /= defineRewrite\(/.test(readFileSync(new URL(name, folder), 'utf8')),
  )
  const index = readFileSync(new URL('index.ts', folder), 'utf8')
  const imported = [...index.matchAll(/import \{ (\w+) \} from '\.\/([\w-]+\.ts)'/g)].map(([, name, file]) => ({
    name: name!,
    file: file!,
  }))
  assert.deepEqual(imported.map(({ file }) => file).sort(), defining.sort())
  const listed = index.slice(index.indexOf('rewrites: readonly Rewrite[]'))
  for (const { name } of imported) assert.match(listed, new RegExp(`\\b${name},`), name)
  assert.equal(new Set(rewrites.map(({ name }) => name)).size, imported.length)
})

test('every rewrite has its row in the page, and the page has no other', () => {
  const page = readFileSync(new URL('../../../docs/rewrites.md', import.meta.url), 'utf8')
  assert.deepEqual(
    [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name),
    rewrites.map(({ name }) => name),
  )
})

test('every rewrite says what it does, what it gives up and where it comes from; its options have defaults that fit', () => {
  for (const { name, summary, givesUp, source, options } of rewrites) {
    assert.match(name, /^[a-z][A-Za-z0-9]+$/)
    for (const text of [summary, givesUp, source]) assert.ok(text.length > 20, name)
    assert.match(`${summary}${givesUp}`, /\.$/)
    assert.ok(Value.Check(options, Value.Default(options, {})), name)
    assert.equal(options.additionalProperties, false, name)
    for (const each of Object.values(options.properties) as { description?: string }[]) assert.ok(each.description, name)
  }
})

test('what cannot be done is refused with the place, the reason and what would be right', () => {
  const graph = graphOf(
    [8, 16, 16],
    [
      { id: 'a', type: 'Conv2d', outChannels: 9, kernelSize: 3 },
      { id: 'b', type: 'Conv2d', outChannels: 9, kernelSize: 5, dilation: 2 },
      { id: 'r', type: 'ReLU' },
      { id: 'c', type: 'Conv2d', outChannels: 9, kernelSize: 1, weightsOf: undefined },
    ],
  )
  const refusal = (recipe: Parameters<typeof rewriteGraph>[1]) => {
    try {
      rewriteGraph(graph, recipe)
    } catch (cause) {
      assert.ok(cause instanceof EngineError)
      return { code: cause.code, errors: cause.errors }
    }
    throw new Error('it was not refused')
  }
  assert.match(refusal([{ rewrite: 'stack3' }]).errors[0]!.message, /did you mean "stack3x3"/)
  assert.equal(refusal([{ rewrite: 'stack3' }]).code, 'UNKNOWN_REWRITE')
  const options = refusal([{ rewrite: 'grouped', options: { groups: 1, shuffel: true } }])
  assert.equal(options.code, 'INVALID_REWRITE')
  assert.deepEqual(options.errors.map(({ path }) => path).sort(), ['/recipe/0/options/groups', '/recipe/0/options/shuffel'])
  const named = refusal([{ rewrite: 'stack3x3', layers: ['a', 'b', 'r', 'x'] }])
  assert.equal(named.code, 'REWRITE_NOT_APPLICABLE')
  assert.deepEqual(
    named.errors.map(({ path }) => path),
    [0, 1, 2, 3].map((i) => `/recipe/0/layers/${i}`),
  )
  assert.equal(refusal([{ rewrite: 'stack3x3', layers: ['c', 'c', 'x'] }]).errors.at(-1)!.path, '/recipe/0/layers/2')
  const words = named.errors.map(({ message }) => message)
  assert.match(words[0]!, /3×3: there is nothing to stack/)
  assert.match(words[1]!, /dilated by 2×2/)
  assert.match(words[2]!, /r is a ReLU, which stack3x3 does not change/)
  assert.match(words[3]!, /there is no layer "x"/)
  assert.match(refusal([{ rewrite: 'stack3x3' }]).errors[0]!.message, /nothing to stack/)
  assert.match(refusal([{ rewrite: 'batchNormForLrn' }]).code, /REWRITE_NOT_APPLICABLE/)
  // The second step names what the first took away.
  const second = refusal([
    { rewrite: 'depthwiseSeparable', layers: ['a'] },
    { rewrite: 'grouped', layers: ['a'] },
  ])
  assert.deepEqual([second.code, second.errors[0]!.path], ['REWRITE_NOT_APPLICABLE', '/recipe/1/layers/0'])
  assert.equal(refusal([{ rewrite: 'scaleWidth', layers: ['a'] }]).code, 'INVALID_REWRITE')
})

test('a layer that shares its weights is left, and the reason names the other', () => {
  const graph = graphOf(
    [8, 9, 9],
    [
      { id: 'a', type: 'Conv2d', outChannels: 8, kernelSize: 5, padding: 2 },
      { id: 'b', type: 'Conv2d', outChannels: 8, kernelSize: 5, padding: 2, weightsOf: 'a' },
      { id: 'c', type: 'Conv2d', outChannels: 8, kernelSize: 5, padding: 2 },
    ],
  )
  const { steps } = rewriteGraph(graph, [{ rewrite: 'stack3x3' }])
  assert.deepEqual(steps[0]!.applied, ['c'])
  assert.deepEqual(
    steps[0]!.skipped.map(({ layerId, reason }) => [layerId, /with ([ab]):/.exec(reason)?.[1]]),
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  )
})
