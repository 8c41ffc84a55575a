/**
 * `npm run boundaries [-- root]`: checks the imports of every source file against .dependency-cruiser.cjs. Fails also where
 * a file was not looked at, or not as TypeScript: dependency-cruiser reports nothing of what it cannot read.
 */
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { allExtensions, cruise, type ICruiseResult } from 'dependency-cruiser'

const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs')
const root = resolve(process.argv[2] ?? '.')

if (!allExtensions.some(({ extension, available }) => extension === '.ts' && available)) {
  console.log('dependency-cruiser does not know the TypeScript installed here: install one inside its supported range')
  process.exit(1)
}

const folders = ['src', 'web', 'scripts', 'test', 'bench']
const files = globSync(
  folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
  { cwd: root, exclude: (name) => name.includes('node_modules') || name.includes('fixtures') },
).sort()

const { output } = await cruise(files, {
  ...config.options,
  baseDir: root,
  validate: true,
  ruleSet: { forbidden: config.forbidden },
})
const { modules, summary } = output as ICruiseResult

for (const { from, to, rule, cycle } of summary.violations) {
  const path = cycle && cycle.length > 0 ? [from, ...cycle.map((step) => step.name)].join(' → ') : from === to ? from : `${from} → ${to}`
  console.log(`${rule.name}: ${path}`)
}

const cruised = new Set(modules.map((module) => module.source))
const missed = files.filter((file) => !cruised.has(file))
for (const file of missed) console.log(`not looked at: ${file}`)

const bad = summary.violations.length + missed.length
console.log(`${files.length} files, ${summary.totalDependenciesCruised} imports, ${bad} ${bad === 1 ? 'violation' : 'violations'}`)
if (files.length === 0 || bad > 0) process.exitCode = 1
