/** Every family, one line each. A test holds this list and the folder together. */
import type { Static } from 'typebox'
import { EngineError, type GraphViolation } from '../errors.ts'
import { maxViolations } from '../limits.ts'
import { nearest } from '../nearest.ts'
import { pointer, schemaViolations } from '../schema-violations.ts'
import type { GraphSpec } from '../verify.ts'
import { alexnet } from './alexnet.ts'
import { convnext } from './convnext.ts'
import { densenet } from './densenet.ts'
import { efficientnet } from './efficientnet.ts'
import { googlenet } from './googlenet.ts'
import { inceptionV3 } from './inception-v3.ts'
import { mnasnet } from './mnasnet.ts'
import { mobilenetV1 } from './mobilenet-v1.ts'
import { mobilenetV2 } from './mobilenet-v2.ts'
import { mobilenetV3 } from './mobilenet-v3.ts'
import { nasnet } from './nasnet.ts'
import { regnet } from './regnet.ts'
import { resnet } from './resnet.ts'
import type { Family } from './shared/family.ts'
import { withDefaults } from './shared/options.ts'
import { shufflenetV1 } from './shufflenet-v1.ts'
import { shufflenetV2 } from './shufflenet-v2.ts'
import { squeezenet } from './squeezenet.ts'
import { vgg } from './vgg.ts'

export type { Family, Preset, PublishedFigure } from './shared/family.ts'

export const families: readonly Family[] = [
  alexnet,
  convnext,
  densenet,
  efficientnet,
  googlenet,
  inceptionV3,
  mnasnet,
  mobilenetV1,
  mobilenetV2,
  mobilenetV3,
  nasnet,
  regnet,
  resnet,
  shufflenetV1,
  shufflenetV2,
  squeezenet,
  vgg,
]

const byName: ReadonlyMap<string, Family> = new Map(families.map((family) => [family.name, family]))
const byPreset: ReadonlyMap<string, Family> = new Map(
  families.flatMap((family) => Object.keys(family.presets).map((preset) => [preset, family] as const)),
)

/** Every preset, family by family. */
export const presetNames: readonly string[] = [...byPreset.keys()]

/** A network of the zoo: a family with options, or a preset, whose options may be changed. */
export type ZooReference = { family: string; options?: Record<string, unknown> } | { preset: string; options?: Record<string, unknown> }

export interface ZooNetwork {
  family: string
  /** Only where the reference names one. */
  preset?: string
  /** Every option written out and worked out, so that a later default changes nothing. */
  options: Record<string, unknown>
  /** The network as a user would have written it; `verifyGraph` reads it. */
  spec: Static<typeof GraphSpec>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function refuse(code: 'UNKNOWN_ZOO_FAMILY' | 'UNKNOWN_ZOO_PRESET', path: string, message: string): never {
  throw new EngineError(code, message, [{ path, layerId: null, message }])
}

function refuseOptions(of: string, violations: readonly { path: string; message: string }[]): never {
  const errors: GraphViolation[] = violations.map(({ path, message }) => ({ path, layerId: null, message }))
  const count = `${errors.length} problem${errors.length === 1 ? '' : 's'}`
  throw new EngineError('INVALID_ZOO_OPTIONS', `${count} in ${of}: ${errors[0]!.message}`, errors)
}

/** The family of this name, whatever was given as one. */
function findFamily(name: unknown): Family {
  const found = typeof name === 'string' ? byName.get(name) : undefined
  if (found) return found
  if (typeof name !== 'string')
    refuse('UNKNOWN_ZOO_FAMILY', '/family', `a family is named by a string: one of ${[...byName.keys()].join(', ')}`)
  const hint = byPreset.has(name) ? `: it is a preset, write preset "${name}"` : nearest(name, [...byName.keys()])
  refuse('UNKNOWN_ZOO_FAMILY', '/family', `there is no zoo family "${name.slice(0, 60)}"${hint}`)
}

function findPreset(name: unknown): Family {
  const found = typeof name === 'string' ? byPreset.get(name) : undefined
  if (found) return found
  if (typeof name !== 'string') refuse('UNKNOWN_ZOO_PRESET', '/preset', 'a preset is named by a string, such as "resnet50"')
  const hint = byName.has(name) ? `: it is a family, write family "${name}"` : nearest(name, [...byPreset.keys()])
  refuse('UNKNOWN_ZOO_PRESET', '/preset', `there is no zoo preset "${name.slice(0, 60)}"${hint}`)
}

/**
 * Expands a reference into the zoo into the graph a JSON user would have written; the caller runs `verifyGraph` on
 * `spec`. Pure, and bounded by the options' maxima: at most a few thousand layers.
 * @throws EngineError UNKNOWN_ZOO_FAMILY, UNKNOWN_ZOO_PRESET with the nearest name; INVALID_ZOO_OPTIONS with every
 *   problem, its path within the reference (`/options/stages/0/convs`) and what would be right.
 */
export function expandZoo(reference: ZooReference): ZooNetwork
export function expandZoo(reference: unknown): ZooNetwork
export function expandZoo(reference: unknown): ZooNetwork {
  if (!isRecord(reference))
    refuseOptions('the zoo reference', [{ path: '', message: 'a zoo reference is an object {preset} or {family, options}' }])
  const shape: { path: string; message: string }[] = Object.keys(reference)
    .filter((key) => !['family', 'preset', 'options'].includes(key))
    .slice(0, maxViolations)
    .map((key) => ({
      path: `/${pointer(key)}`,
      message: `unknown key "${key.slice(0, 60)}"${nearest(key, ['family', 'preset', 'options'])}`,
    }))
  if ((reference.family === undefined) === (reference.preset === undefined))
    shape.push({ path: '/preset', message: 'write either preset, or family with its options' })
  if (shape.length > 0) refuseOptions('the zoo reference', shape)

  const family = reference.preset === undefined ? findFamily(reference.family) : findPreset(reference.preset)
  const preset = reference.preset as string | undefined
  const given = reference.options === undefined ? {} : reference.options
  const of = preset === undefined ? `options of the family ${family.name}` : `options of the preset ${preset}`
  const violations = isRecord(given)
    ? schemaViolations(family.options, given, '/options')
    : [{ path: '/options', message: 'options is an object, such as {"resolution": 224}' }]
  if (violations.length > 0) refuseOptions(of, violations)
  const complete = withDefaults(family.options, { ...(preset === undefined ? {} : family.presets[preset]!.options), ...(given as object) })
  const conflicts = family.check?.(complete) ?? []
  if (conflicts.length > 0)
    refuseOptions(
      of,
      conflicts.map(({ path, message }) => ({ path: `/options${path}`, message })),
    )
  const options = family.resolve?.(complete) ?? complete
  return { family: family.name, ...(preset === undefined ? {} : { preset }), options, spec: family.build(options) }
}
