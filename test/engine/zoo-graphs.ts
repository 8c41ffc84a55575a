/** Verified graphs of the zoo, for tests of laws that hold for every network. */
import type { Graph } from '../../src/engine/graph.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo, families } from '../../src/engine/zoo/index.ts'

export const presetNames: readonly string[] = families.flatMap((family) => Object.keys(family.presets))

export const presetSpec = (preset: string): { inputs: unknown; layers: Record<string, unknown>[]; outputs: string[] } =>
  expandZoo({ preset }).spec as never

export const presetGraph = (preset: string): Graph => verifyGraph(presetSpec(preset))
