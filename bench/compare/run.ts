/**
 * `npm run bench -- compare COMMIT [part …] [--save]`: this build beside a commit's, both measured here in turns. The
 * commit's is kept in `.bench/`. Parts: those of the list below. `--save` also writes bench/results/compare-<date>.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Skipped } from '../figure.ts'
import { part as engine } from './engine.ts'
import { part as graphql } from './graphql.ts'
import { part as http } from './http.ts'
import { part as importing } from './import.ts'
import { part as install } from './install.ts'
import { part as lists } from './lists.ts'
import { part as memory } from './memory.ts'
import { part as registrations } from './registrations.ts'
import { type Part, type Row, table } from './row.ts'
import { part as start } from './start.ts'
import { before, now } from './tree.ts'
import { part as upload } from './upload.ts'

const parts: readonly Part[] = [engine, importing, http, graphql, start, memory, upload, registrations, lists, install]

/** @throws Error where the commit or a part is not there. */
export async function compare(host: string, [commit, ...names]: readonly string[], save: boolean): Promise<void> {
  if (commit === undefined) throw new Error('compare with which commit? npm run bench -- compare 70042dc')
  const known = parts.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`compare has no part ${unknown.join(', ')}: use ${known.join(', ')}`)
  const trees = [before(commit), now()] as const
  const rows: Row[] = []
  const left: string[] = []
  for (const { name, run } of parts.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`${name} …`)
    try {
      const done = await run(trees)
      rows.push(...done)
      console.log(table(commit, done))
    } catch (cause) {
      if (!(cause instanceof Skipped)) throw cause
      left.push(`${name}: skipped: ${cause.message}`)
      console.log(left.at(-1))
    }
  }
  const text = `${host}\n\n${table(commit, rows)}\n${left.map((line) => `\n${line}\n`).join('')}`
  console.log(`\n${text}`)
  if (!save) return
  const file = `compare-${new Date().toISOString().slice(0, 10)}.md`
  const folder = join(import.meta.dirname, '../results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), `# This build beside ${commit}\n\n${text}`)
  console.log(`written to bench/results/${file}`)
}
