import { readFileSync } from 'node:fs'
import { nearest } from '../engine/nearest.ts'
import type { RecipeStep } from '../engine/rewrites/apply.ts'
import { rewrites } from '../engine/rewrites/index.ts'
import { CliError } from './failure.ts'

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')

/**
 * A rewrite by its name in any spelling (`depthwiseSeparable`, `depthwise-separable`), or by a part of it that no other name
 * has (`depthwise`). @throws CliError with those that were meant.
 */
export function rewriteNamed(text: string): string {
  const names = rewrites.map(({ name }) => name)
  const wanted = plain(text)
  const equal = names.find((name) => plain(name) === wanted)
  if (equal) return equal
  for (const fits of [(name: string) => name.startsWith(wanted), (name: string) => name.includes(wanted)]) {
    const found = wanted === '' ? [] : names.filter((name) => fits(plain(name)))
    if (found.length === 1) return found[0]!
    if (found.length > 1) throw new CliError(`"${text}" may be ${found.join(', ')}: write more of it`)
  }
  throw new CliError(`there is no rewrite "${text.slice(0, 60)}"${nearest(text, names)}; archmeter rewrites lists them`)
}

/** A value as JSON has it where it is such a one, else the text itself. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * A step as it is typed: `grouped`, or with options `grouped:groups=4,shuffle=true`. The option `layers=a+b` names layers.
 * @throws CliError saying how it is written.
 */
export function readStep(text: string): RecipeStep {
  const colon = text.indexOf(':')
  const rewrite = rewriteNamed(colon < 0 ? text : text.slice(0, colon))
  if (colon < 0) return { rewrite }
  const options: Record<string, unknown> = {}
  let layers: string[] | undefined
  for (const part of text.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=')
    if (equals < 1) throw new CliError(`"${part}" is no option of ${rewrite}: write name=value, as in ${rewrite}:name=value,other=value`)
    const [name, value] = [part.slice(0, equals), part.slice(equals + 1)]
    if (name === 'layers') layers = value.split('+')
    else options[name] = readValue(value)
  }
  return { rewrite, options, ...(layers ? { layers } : {}) }
}

/** A recipe as the service takes it: a list of steps, or an object with one. @throws CliError where the file holds none. */
export function readRecipe(file: string): RecipeStep[] {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new CliError(`${file} cannot be read: ${(cause as Error).message}`)
  }
  const steps = Array.isArray(json) ? json : (json as { recipe?: unknown } | null)?.recipe
  const isStep = (step: unknown): boolean => typeof (step as RecipeStep | null)?.rewrite === 'string'
  if (!Array.isArray(steps) || steps.length === 0 || !steps.every(isStep))
    throw new CliError(`${file} holds no recipe: write [{"rewrite": "depthwiseSeparable", "options": {}, "layers": ["conv1"]}, …]`)
  return (steps as RecipeStep[]).map(({ rewrite, options, layers }) => {
    if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options)))
      throw new CliError(`${file}: options of ${rewrite} are an object, such as {"rank": 16}`)
    if (layers !== undefined && !(Array.isArray(layers) && layers.every((id) => typeof id === 'string')))
      throw new CliError(`${file}: layers of ${rewrite} are a list of ids`)
    return { rewrite: rewriteNamed(rewrite), ...(options ? { options } : {}), ...(layers ? { layers } : {}) }
  })
}
