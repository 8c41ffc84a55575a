/**
 * Writes the tables of README.md that follow from code: the calls from openapi.json, the settings from the configuration's
 * schema. `node scripts/readme-tables.ts`; a test fails when the page says something else.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigSchema } from '../src/api/config.ts'

const root = new URL('../', import.meta.url)
const page = new URL('README.md', root)

interface Operation {
  summary?: string
}
interface Property {
  default?: unknown
  description?: string
  enum?: string[]
}

/** A text inside a table's cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function calls(): string {
  const { paths } = JSON.parse(readFileSync(new URL('openapi.json', root), 'utf8')) as { paths: Record<string, Record<string, Operation>> }
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'head')
      .map(([method, { summary = '' }]) => `| \`${method.toUpperCase()} ${path}\` | ${cell(summary)} |`),
  )
  return ['| call | does |', '|---|---|', ...rows].join('\n')
}

function settings(): string {
  const rows = Object.entries(ConfigSchema.properties as unknown as Record<string, Property>).map(([name, property]) => {
    // The data folder's default is a place in this checkout: written as seen from there.
    const fallback = ['DATA_DIR', 'CUDA_DIR', 'TENSORFLOW_DIR'].includes(name)
      ? relative(fileURLToPath(root), String(property.default))
      : property.default
    const choices = property.enum ? ` One of ${property.enum.map((each) => `\`${each}\``).join(', ')}.` : ''
    return `| \`${name}\` | ${fallback === undefined ? 'not set' : `\`${fallback}\``} | ${cell(`${property.description}${choices}`)} |`
  })
  return ['| variable | default | |', '|---|---|---|', ...rows].join('\n')
}

/** The page with its tables as the code states them. @throws Error where a table has no place in it. */
export function withTables(text: string): string {
  let result = text
  for (const [name, table] of Object.entries({ calls: calls(), settings: settings() })) {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`)
    if (!place.test(result)) throw new Error(`README.md has no place for the table: <!-- ${name} --> … <!-- /${name} -->`)
    result = result.replace(place, (_, open: string, close: string) => `${open}${table}\n${close}`)
  }
  return result
}

if (import.meta.main) writeFileSync(page, withTables(readFileSync(page, 'utf8')))
