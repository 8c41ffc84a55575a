import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError } from '../../src/engine/errors.ts'
import { maxViolations } from '../../src/engine/limits.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { hostile } from './hostile.ts'

const full = 2 * 1024 * 1024

/** CPU time of one call, ms: the least of three, since other processes share the cores and the first call compiles. */
function cpuMs(spec: unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const before = process.cpuUsage()
    try {
      verifyGraph(spec)
    } catch (error) {
      assert.ok(error instanceof EngineError, `crashed: ${(error as Error).stack}`)
      assert.ok(error.errors.length >= 1 && error.errors.length <= maxViolations)
      for (const { path, message } of error.errors)
        assert.ok(path.length < 400 && message.length < 2000, `${path}: ${message.length} characters`)
    }
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

for (const [name, body] of Object.entries(hostile))
  test(`a body of 2 MiB is read in bounded time: ${name}`, (t) => {
    const spent = cpuMs(JSON.parse(body(full)))
    t.diagnostic(`${spent.toFixed(1)} ms`)
    // 100 ms is the promise on an idle core; a quadratic spot took seconds. Twice that leaves room for a slow machine.
    assert.ok(spent < 200, `${spent} ms`)
  })

test('a key of the prototype is a key like any other', () => {
  const spec = JSON.parse('{"input":{"shape":[3]},"layers":[{"id":"a","type":"ReLU","__proto__":{"type":"Tanh"}}]}')
  assert.throws(() => verifyGraph(spec), /ReLU has no attribute "__proto__"/)
  for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const graph = verifyGraph({
      input: { shape: [3] },
      layers: [
        { id, type: 'ReLU' },
        { id: 'b', type: 'ReLU', inputs: [id] },
      ],
    })
    assert.deepEqual(
      graph.layers.map((layer) => layer.id),
      [id, 'b'],
    )
    assert.throws(
      () => verifyGraph({ input: { shape: [3] }, layers: [{ type: 'ReLU', inputs: [id] }] }),
      new RegExp(`no layer or input "${id}"`),
    )
    assert.throws(() => verifyGraph({ input: { shape: [3] }, layers: [{ type: id }] }), new RegExp(`unknown op "${id}"`))
  }
  assert.equal(({} as { type?: string }).type, undefined)
})

test('wrong types in every place are refused, none crashes', () => {
  const values: unknown[] = [null, true, -1, 1.5, 1e308, '', 'x', [], [[]], {}, [null], { length: 3 }, ['a'], [1, 2, 3, 4, 5]]
  const good = {
    input: { shape: [3, 8, 8] },
    layers: [{ id: 'c', type: 'Conv2d', outChannels: 2, kernelSize: 3, padding: 1, inputs: ['input'] }],
    outputs: ['c'],
  }
  verifyGraph(good)
  const places: ((spec: any, value: unknown) => void)[] = [
    (spec, value) => (spec.input = value),
    (spec, value) => (spec.input.shape = value),
    (spec, value) => (spec.input.shape[1] = value),
    (spec, value) => (spec.inputs = value),
    (spec, value) => (spec.layers = value),
    (spec, value) => (spec.layers[0] = value),
    (spec, value) => (spec.outputs = value),
    (spec, value) => (spec.outputs[0] = value),
    ...['id', 'type', 'inputs', 'outChannels', 'kernelSize', 'padding', 'groups', 'bias'].map(
      (key) => (spec: any, value: unknown) => (spec.layers[0][key] = value),
    ),
  ]
  for (const place of places)
    for (const value of values) {
      const spec = structuredClone(good)
      place(spec, value)
      try {
        verifyGraph(spec)
      } catch (error) {
        assert.ok(error instanceof EngineError, `${JSON.stringify(spec)}: ${(error as Error).stack}`)
      }
    }
})
