/** Every op, one line each. A test holds this list and the folder together. */
import type { AnyOp } from '../op.ts'
import { abs } from './abs.ts'
import { adaptiveAvgPool2d } from './adaptive-avg-pool.ts'
import { add } from './add.ts'
import { attention } from './attention.ts'
import { avgPool1d, avgPool2d, avgPool3d } from './avg-pool.ts'
import { batchNorm1d, batchNorm2d, batchNorm3d } from './batch-norm.ts'
import { ceil } from './ceil.ts'
import { celu } from './celu.ts'
import { channelShuffle } from './channel-shuffle.ts'
import { concat } from './concat.ts'
import { conv1d, conv2d, conv3d } from './conv.ts'
import { convTranspose1d, convTranspose2d, convTranspose3d } from './conv-transpose.ts'
import { cos } from './cos.ts'
import { depthToSpace } from './depth-to-space.ts'
import { div } from './div.ts'
import { dropout } from './dropout.ts'
import { elu } from './elu.ts'
import { erf } from './erf.ts'
import { exp } from './exp.ts'
import { expand } from './expand.ts'
import { flatten } from './flatten.ts'
import { floor } from './floor.ts'
import { gather } from './gather.ts'
import { gelu } from './gelu.ts'
import { globalAvgPool2d } from './global-avg-pool.ts'
import { globalMaxPool2d } from './global-max-pool.ts'
import { glu } from './glu.ts'
import { groupNorm } from './group-norm.ts'
import { hardSigmoid } from './hard-sigmoid.ts'
import { hardSwish } from './hard-swish.ts'
import { hardTanh } from './hard-tanh.ts'
import { identity } from './identity.ts'
import { input } from './input.ts'
import { instanceNorm } from './instance-norm.ts'
import { layerNorm } from './layer-norm.ts'
import { leakyRelu } from './leaky-relu.ts'
import { linear } from './linear.ts'
import { localResponseNorm } from './local-response-norm.ts'
import { log } from './log.ts'
import { logSigmoid } from './log-sigmoid.ts'
import { logSoftmax } from './log-softmax.ts'
import { matMul } from './mat-mul.ts'
import { max } from './max.ts'
import { maxPool1d, maxPool2d, maxPool3d } from './max-pool.ts'
import { min } from './min.ts'
import { mish } from './mish.ts'
import { mul } from './mul.ts'
import { neg } from './neg.ts'
import { opaque } from './opaque.ts'
import { pRelu } from './p-relu.ts'
import { pad } from './pad.ts'
import { parameter } from './parameter.ts'
import { pow } from './pow.ts'
import { reciprocal } from './reciprocal.ts'
import { reduce } from './reduce.ts'
import { relu } from './relu.ts'
import { relu6 } from './relu6.ts'
import { reshape } from './reshape.ts'
import { resize } from './resize.ts'
import { round } from './round.ts'
import { selu } from './selu.ts'
import { sigmoid } from './sigmoid.ts'
import { silu } from './silu.ts'
import { sin } from './sin.ts'
import { slice } from './slice.ts'
import { softmax } from './softmax.ts'
import { softplus } from './softplus.ts'
import { softsign } from './softsign.ts'
import { spaceToDepth } from './space-to-depth.ts'
import { split } from './split.ts'
import { sqrt } from './sqrt.ts'
import { sub } from './sub.ts'
import { tanh } from './tanh.ts'
import { thresholdedRelu } from './thresholded-relu.ts'
import { tile } from './tile.ts'
import { transpose } from './transpose.ts'
import { where } from './where.ts'

export const ops: readonly AnyOp[] = [
  abs,
  adaptiveAvgPool2d,
  add,
  attention,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  batchNorm1d,
  batchNorm2d,
  batchNorm3d,
  ceil,
  celu,
  channelShuffle,
  concat,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cos,
  depthToSpace,
  div,
  dropout,
  elu,
  erf,
  exp,
  expand,
  flatten,
  floor,
  gather,
  gelu,
  globalAvgPool2d,
  globalMaxPool2d,
  glu,
  groupNorm,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  input,
  instanceNorm,
  layerNorm,
  leakyRelu,
  linear,
  localResponseNorm,
  log,
  logSigmoid,
  logSoftmax,
  matMul,
  max,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  min,
  mish,
  mul,
  neg,
  opaque,
  pad,
  parameter,
  pow,
  pRelu,
  reciprocal,
  reduce,
  relu,
  relu6,
  reshape,
  resize,
  round,
  selu,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  softplus,
  softsign,
  spaceToDepth,
  split,
  sqrt,
  sub,
  tanh,
  thresholdedRelu,
  tile,
  transpose,
  where,
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
