import { nearest } from '../../../engine/nearest.ts'
import { type Family, families } from '../../../engine/zoo/index.ts'
import { ApiError } from '../../errors.ts'
import { toJsonSchema } from '../../json-schema.ts'
import type { EnginePool } from '../../pool/pool.ts'
import type { PresetFigures } from './figures.ts'
import type { ExpandedPreset, ZooFamily } from './schema.ts'

const linksOf = (name: string) => ({ self: `/v1/zoo/${name}` })

/** The families of networks that ship. */
export class ZooService {
  readonly #pool: Pick<EnginePool, 'zoo'>
  #figures: Promise<Record<string, PresetFigures>> | null = null

  constructor(pool: Pick<EnginePool, 'zoo'>) {
    this.#pool = pool
  }

  /** A summary of every family. */
  list() {
    return families.map(({ name, summary, source, presets }) => ({
      name,
      summary,
      source,
      presets: Object.keys(presets),
      links: linksOf(name),
    }))
  }

  /** Every family with the figures of its presets. @throws ApiError OVERLOADED */
  async listExpanded() {
    const figures = await this.figures()
    return families.map((family) => ({
      ...{ name: family.name, summary: family.summary, source: family.source },
      presets: presetsOf(family).map((preset): ExpandedPreset => ({ ...preset, ...figures[preset.name]!, top1: top1Of(preset) })),
      links: linksOf(family.name),
    }))
  }

  /** What each preset costs, by its name. Worked out once, since it never changes. @throws ApiError OVERLOADED */
  figures(): Promise<Record<string, PresetFigures>> {
    if (this.#figures) return this.#figures
    const figures = this.#pool.zoo()
    this.#figures = figures
    figures.catch(() => {
      this.#figures = null
    })
    return figures
  }

  /** A family with its options as JSON Schema, its presets and what was published about them. @throws ApiError ZOO_FAMILY_NOT_FOUND */
  get(name: string): ZooFamily {
    const family = families.find((each) => each.name === name)
    if (!family) {
      const names = families.map((each) => each.name)
      throw new ApiError('ZOO_FAMILY_NOT_FOUND', `there is no zoo family "${name.slice(0, 60)}"${nearest(name, names)}`)
    }
    return present(family)
  }

  /** Every family in full. */
  all(): ZooFamily[] {
    return families.map(present)
  }
}

/** The published top-1 figure with its source; null where none is known. */
export const top1FigureOf = ({ published }: Pick<ExpandedPreset, 'published'>): ExpandedPreset['published'][number] | null =>
  published.find(({ quantity }) => quantity === 'top1') ?? null

/** Published top-1 accuracy in percent; null where none is known. */
export const top1Of = (preset: Pick<ExpandedPreset, 'published'>): number | null => top1FigureOf(preset)?.value ?? null

const present = (family: Family): ZooFamily => ({
  name: family.name,
  summary: family.summary,
  source: family.source,
  options: toJsonSchema(family.options) as Record<string, unknown>,
  presets: presetsOf(family),
  links: linksOf(family.name),
})

const presetsOf = ({ presets }: Family): ZooFamily['presets'] =>
  Object.entries(presets).map(([name, each]) => ({
    name,
    summary: each.summary,
    options: each.options as Record<string, unknown>,
    published: [...(each.published ?? [])],
  }))
