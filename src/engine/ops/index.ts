/** Every op, one line each. A test holds this list and the folder together. */
import type { AnyOp } from '../op.ts'
import { adaptiveAvgPool2d } from './adaptive-avg-pool2d.ts'
import { add } from './add.ts'
import { avgPool2d } from './avg-pool2d.ts'
import { batchNorm2d } from './batch-norm2d.ts'
import { channelShuffle } from './channel-shuffle.ts'
import { concat } from './concat.ts'
import { conv2d } from './conv2d.ts'
import { dropout } from './dropout.ts'
import { flatten } from './flatten.ts'
import { gelu } from './gelu.ts'
import { globalAvgPool2d } from './global-avg-pool2d.ts'
import { hardSigmoid } from './hard-sigmoid.ts'
import { hardSwish } from './hard-swish.ts'
import { identity } from './identity.ts'
import { input } from './input.ts'
import { linear } from './linear.ts'
import { localResponseNorm } from './local-response-norm.ts'
import { maxPool2d } from './max-pool2d.ts'
import { mul } from './mul.ts'
import { pad } from './pad.ts'
import { relu } from './relu.ts'
import { relu6 } from './relu6.ts'
import { reshape } from './reshape.ts'
import { sigmoid } from './sigmoid.ts'
import { silu } from './silu.ts'
import { slice } from './slice.ts'
import { softmax } from './softmax.ts'
import { split } from './split.ts'
import { tanh } from './tanh.ts'
import { transpose } from './transpose.ts'

export const ops: readonly AnyOp[] = [
  adaptiveAvgPool2d,
  add,
  avgPool2d,
  batchNorm2d,
  channelShuffle,
  concat,
  conv2d,
  dropout,
  flatten,
  gelu,
  globalAvgPool2d,
  hardSigmoid,
  hardSwish,
  identity,
  input,
  linear,
  localResponseNorm,
  maxPool2d,
  mul,
  pad,
  relu,
  relu6,
  reshape,
  sigmoid,
  silu,
  slice,
  softmax,
  split,
  tanh,
  transpose,
]

const byType: ReadonlyMap<string, AnyOp> = new Map(ops.map((op) => [op.type, op]))

/** The op of this type, or undefined. */
export const findOp = (type: string): AnyOp | undefined => byType.get(type)

/** The op of a layer that passed the verifier. */
export function opOf(type: string): AnyOp {
  const op = byType.get(type)
  if (!op) throw new Error(`no op ${type}: the graph was not verified`)
  return op
}
