/** Every rewrite, one line each. A test holds this list and the folder together. */
import { EngineError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { batchNormForLrn } from './batch-norm-for-lrn.ts'
import { bottleneck } from './bottleneck.ts'
import { scaleCompound } from './compound.ts'
import { scaleDepth } from './depth.ts'
import { depthwiseSeparable } from './depthwise-separable.ts'
import { downsamplingRule } from './downsampling-rule.ts'
import { dropAuxiliaryClassifiers } from './drop-auxiliary-classifiers.ts'
import { foldBatchNorm } from './fold-batch-norm.ts'
import { globalAveragePooling } from './global-average-pooling.ts'
import { grouped } from './grouped.ts'
import { lowRank } from './low-rank.ts'
import { resnext } from './resnext.ts'
import { scaleResolution } from './resolution.ts'
import type { Rewrite } from './rewrite.ts'
import { stack3x3 } from './stack-3x3.ts'
import { scaleWidth } from './width.ts'

export type { Rewrite } from './rewrite.ts'

export const rewrites: readonly Rewrite[] = [
  stack3x3,
  depthwiseSeparable,
  grouped,
  bottleneck,
  resnext,
  globalAveragePooling,
  lowRank,
  dropAuxiliaryClassifiers,
  batchNormForLrn,
  foldBatchNorm,
  downsamplingRule,
  scaleWidth,
  scaleDepth,
  scaleResolution,
  scaleCompound,
]

const byName: ReadonlyMap<string, Rewrite> = new Map(rewrites.map((rewrite) => [rewrite.name, rewrite]))

/** @throws EngineError UNKNOWN_REWRITE with the nearest name; `path` is where it was named. */
export function findRewrite(name: string, path: string): Rewrite {
  const found = byName.get(name)
  if (found) return found
  const message = `there is no rewrite "${name.slice(0, 60)}"${nearest(name, [...byName.keys()])}`
  throw new EngineError('UNKNOWN_REWRITE', message, [{ path, layerId: null, message }])
}
