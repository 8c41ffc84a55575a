import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { test } from 'node:test'
import { withTables } from '../scripts/readme-tables.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8')
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(resolve(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? `docs/${name}` : [])),
  ...readdirSync(resolve(root, 'docs/adr')).map((name) => `docs/adr/${name}`),
]

test("README's tables of calls and settings are what the code states: node scripts/readme-tables.ts writes them", () => {
  assert.equal(read('README.md'), withTables(read('README.md')))
})

test('every body that the README sends is JSON once the shell has read it', () => {
  const bodies = [...read('README.md').matchAll(/ -d '((?:[^']|'\$\w+')*)'| -d "((?:[^"\\]|\\.)*)"/g)]
  assert.ok(bodies.length >= 6)
  for (const [whole, single, double] of bodies) {
    const body = single === undefined ? double!.replaceAll('\\"', '"') : single.replaceAll("'", '')
    assert.doesNotThrow(() => JSON.parse(body), whole)
  }
})

test('every link to a file of the repository leads somewhere', () => {
  for (const page of pages)
    for (const [, target] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g))
      if (!/^[a-z]+:/.test(target!)) assert.ok(existsSync(resolve(root, dirname(page), target!)), `${page} links to ${target}`)
})

test('every file and folder of src, test, scripts and docs that a page names is there', () => {
  for (const page of pages)
    for (const [, path] of read(page).matchAll(/`((?:src|test|scripts|bench|docs|examples)\/[\w./-]+)`/g))
      assert.ok(existsSync(resolve(root, path!)), `${page} names ${path}`)
})

test('every decision is in the index', () => {
  const index = read('docs/README.md')
  for (const name of readdirSync(resolve(root, 'docs/adr')))
    assert.ok(index.includes(`(adr/${name})`), `docs/README.md does not list ${name}`)
})

test('every npm script that a page names is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  for (const page of pages)
    for (const [, name] of read(page).matchAll(/npm run ([\w:-]+)/g)) assert.ok(scripts[name!], `${page} names npm run ${name}`)
})
