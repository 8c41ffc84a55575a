/** Tests of an op as tables: a reason, what goes in, what must come out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { ShapeError } from '../../../src/engine/errors.ts'
import type { AnyOp, Quantities } from '../../../src/engine/op.ts'
import type { Shape } from '../../../src/engine/shape.ts'

type Attributes = Record<string, unknown>
/** Reason, input shapes batch first, attributes as a user writes them, output shapes or what the refusal says. */
export type ShapeCase = [why: string, inputs: Shape[], attributes: Attributes, expected: Shape[] | RegExp]
/** Reason, input shapes, attributes, every quantity that is not zero. */
export type QuantityCase = [why: string, inputs: Shape[], attributes: Attributes, expected: Quantities]
/** Reason, input shapes, attributes, parameters as name → shape; a running statistic's name ends in `*`. */
export type ParameterCase = [why: string, inputs: Shape[], attributes: Attributes, expected: Record<string, Shape>]

function canonical(op: AnyOp, attributes: Attributes, why: string): unknown {
  assert.ok(Value.Check(op.attributes, attributes), `${why}: the schema of ${op.type} refuses ${JSON.stringify(attributes)}`)
  return op.canonical(attributes as never)
}

export function shapes(op: AnyOp, cases: readonly ShapeCase[]): void {
  test(`${op.type}: output shapes`, () => {
    for (const [why, inputs, attributes, expected] of cases) {
      const a = canonical(op, attributes, why)
      if (!(expected instanceof RegExp)) assert.deepEqual(op.shape(inputs, a), expected, why)
      else
        assert.throws(
          () => op.shape(inputs, a),
          (error) => error instanceof ShapeError && expected.test(error.message),
          `${why}: must be refused with ${expected}`,
        )
    }
  })
}

export function quantities(op: AnyOp, cases: readonly QuantityCase[]): void {
  test(`${op.type}: primitive quantities`, () => {
    for (const [why, inputs, attributes, expected] of cases) {
      const a = canonical(op, attributes, why)
      const counted = op.quantities({ inputs, outputs: op.shape(inputs, a) }, a) ?? {}
      assert.deepEqual(Object.fromEntries(Object.entries(counted).filter(([, count]) => count !== 0)), expected, why)
    }
  })
}

export function parameters(op: AnyOp, cases: readonly ParameterCase[]): void {
  test(`${op.type}: parameters`, () => {
    for (const [why, inputs, attributes, expected] of cases) {
      const list = op.parameters?.(inputs, canonical(op, attributes, why)) ?? []
      assert.deepEqual(Object.fromEntries(list.map(({ name, shape, trainable }) => [trainable ? name : `${name}*`, shape])), expected, why)
    }
  })
}

/** Attributes that the schema must refuse, each with its reason. */
export function refused(op: AnyOp, cases: readonly [why: string, attributes: Attributes][]): void {
  test(`${op.type}: attributes refused`, () => {
    for (const [why, attributes] of cases) assert.ok(!Value.Check(op.attributes, attributes), why)
  })
}

const multiple = (each: Quantities, n: number): Quantities =>
  Object.fromEntries(Object.entries(each).map(([name, count]) => [name, count * n]))

/** An arithmetic op of two inputs that broadcast as in NumPy: `each` of every output element. */
export function broadcasting(op: AnyOp, each: Quantities): void {
  const cube = [2, 3, 4]
  const map = [2, 3, 4, 5]
  const row = [2, 3]
  shapes(op, [
    ['equal shapes', [cube, cube], {}, [cube]],
    ['lined up from the last dim, as NumPy does', [map, [3, 1, 1]], {}, [map]],
    ['a scalar on the left', [[], [2, 7]], {}, [[2, 7]]],
    ['sizes that do not meet', [row, [2, 4]], {}, /one shape/],
  ])
  quantities(op, [['once per output element, broadcast ones as well', [cube, [4]], {}, multiple(each, 24)]])
}

/** An activation: shape kept at every rank, no parameters, `each` of every element. */
export function activation(op: AnyOp, each: Quantities, attributes: Attributes = {}): void {
  shapes(op, [
    ['a map keeps its shape', [[2, 3, 5, 7]], attributes, [[2, 3, 5, 7]]],
    ['a vector keeps its shape', [[2, 11]], attributes, [[2, 11]]],
  ])
  parameters(op, [['none', [[1, 3, 5, 7]], attributes, {}]])
  quantities(op, [
    ['per element, the batch included', [[2, 3, 5, 7]], attributes, multiple(each, 2 * 3 * 5 * 7)],
    ['one element', [[1, 1]], attributes, multiple(each, 1)],
  ])
}
