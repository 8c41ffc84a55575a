/** Every op, one line each. A test holds this list and the folder together. */
import type { AnyOp } from '../op.ts'
import { add } from './add.ts'
import { conv2d } from './conv2d.ts'
import { flatten } from './flatten.ts'
import { input } from './input.ts'
import { linear } from './linear.ts'
import { maxPool2d } from './max-pool2d.ts'
import { relu } from './relu.ts'

export const ops: readonly AnyOp[] = [add, conv2d, flatten, input, linear, maxPool2d, relu]

const byType: ReadonlyMap<string, AnyOp> = new Map(ops.map((op) => [op.type, op]))

/** The op of this type, or undefined. */
export const findOp = (type: string): AnyOp | undefined => byType.get(type)

/** The op of a layer that passed the verifier. */
export function opOf(type: string): AnyOp {
  const op = byType.get(type)
  if (!op) throw new Error(`no op ${type}: the graph was not verified`)
  return op
}
