import { nearest } from '../../../engine/nearest.ts'
import { type Family, families } from '../../../engine/zoo/index.ts'
import { ApiError } from '../../errors.ts'
import { toJsonSchema } from '../../json-schema.ts'
import type { ZooFamily } from './schema.ts'

/** Every family in short. */
export const listFamilies = () =>
  families.map(({ name, summary, source, presets }) => ({ name, summary, source, presets: Object.keys(presets), links: linksOf(name) }))

/** A family with its options as JSON Schema, its presets and what was published about them. @throws ApiError ZOO_FAMILY_NOT_FOUND */
export function getFamily(name: string): ZooFamily {
  const family = families.find((each) => each.name === name)
  if (!family) {
    const names = families.map((each) => each.name)
    throw new ApiError('ZOO_FAMILY_NOT_FOUND', `there is no zoo family "${name.slice(0, 60)}"${nearest(name, names)}`)
  }
  return present(family)
}

/** Every family in full. */
export const allFamilies = (): ZooFamily[] => families.map(present)

const linksOf = (name: string) => ({ self: `/v1/zoo/${name}` })

const present = ({ name, summary, source, options, presets }: Family): ZooFamily => ({
  name,
  summary,
  source,
  options: toJsonSchema(options) as Record<string, unknown>,
  presets: Object.entries(presets).map(([preset, each]) => ({
    name: preset,
    summary: each.summary,
    options: each.options as Record<string, unknown>,
    published: [...(each.published ?? [])],
  })),
  links: linksOf(name),
})
