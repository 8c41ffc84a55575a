/** Every convention, one line each. A test holds this list and the folder together. */
import { EngineError } from '../errors.ts'
import type { Convention } from './convention.ts'
import { full } from './full.ts'
import { fvcore } from './fvcore.ts'
import { lecture } from './lecture.ts'
import { onnx } from './onnx.ts'
import { ptflops } from './ptflops.ts'
import { thop } from './thop.ts'
import { torch } from './torch.ts'
import { torchinfo } from './torchinfo.ts'

export const conventions: readonly Convention[] = [lecture, full, fvcore, torchinfo, ptflops, thop, torch, onnx]

/** The convention of this name. @throws EngineError UNKNOWN_CONVENTION listing the known ones. */
export function findConvention(name: string): Convention {
  const found = conventions.find((convention) => convention.name === name)
  if (found) return found
  throw new EngineError('UNKNOWN_CONVENTION', `no convention "${name}": use one of ${conventions.map((c) => c.name).join(', ')}`)
}
