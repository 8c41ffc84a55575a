import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const features = new URL('../../../src/api/features/', import.meta.url)
const folders = readdirSync(features, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const read = (path: string): string => readFileSync(new URL(path, features), 'utf8')

/** What an index imports from `<feature>/<file>.ts`, and whether it uses it. */
function wired(index: string, file: string, prefix: string): string[] {
  const found = index.matchAll(new RegExp(`import \\{ (?:\\w+, )*(\\w+) \\} from '${prefix}(\\w+)/${file}\\.ts'`, 'g'))
  return [...found].filter(([, name]) => index.split(name!).length > 2).map(([, , feature]) => feature!)
}

for (const [face, indexFile, prefix, file] of [
  ['REST', '../app.ts', '\\./features/', 'routes'],
  ['GraphQL', 'graphql.ts', '\\./', 'graphql'],
] as const)
  test(`every feature with ${file}.ts has its line in the ${face} index`, () => {
    const having = folders.filter((folder) => existsSync(new URL(`${folder}/${file}.ts`, features)))
    assert.ok(having.length > 0)
    assert.deepEqual(wired(read(indexFile), file, prefix).sort(), having.sort())
  })
