/** Every finding, one line each. A test holds this list and the folder together. */
import type { FindingDefinition } from './finding.ts'
import { flopsConvolutions } from './flops-convolutions.ts'
import { flopsLevel } from './flops-level.ts'
import { memoryBound } from './memory-bound.ts'
import { memoryEarly } from './memory-early.ts'
import { paramsFullyConnected } from './params-fully-connected.ts'
import { timeConvolutions } from './time-convolutions.ts'

export const findings: readonly FindingDefinition[] = [
  memoryEarly,
  paramsFullyConnected,
  flopsConvolutions,
  flopsLevel,
  memoryBound,
  timeConvolutions,
]
