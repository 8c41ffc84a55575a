/**
 * Counts networks of timm, torchvision and ultralytics as exported by the newest tools, and holds each figure against the file
 * executed in Python: the second half of `npm run test:corpus`, which gives the Python interpreter and the cache's folder.
 * `--only swin,yolo` takes networks with one of these in their names; `--save` writes docs/corpus.md. Exits with 1 where a figure differs.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { check, type Facts } from './check.ts'
import { type NetworkSpec, nameOf, networks } from './networks.ts'
import { corpusPage, type Row } from './page.ts'

const page = new URL('../../docs/corpus.md', import.meta.url)
const maker = new URL('make.py', import.meta.url).pathname

const lacks = (folder: string, { files }: NetworkSpec): boolean => files.some(({ name }) => !existsSync(`${folder}/${name}.json`))

/** Exports networks, one after another in one process; gives each when its files are there. What Python says is shown where it ends early. */
async function* make(python: string, folder: string, all: readonly NetworkSpec[]): AsyncGenerator<void> {
  const child = spawn(python, [maker, folder], { stdio: ['pipe', 'pipe', 'pipe'], cwd: folder })
  let said = ''
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-4000)))
  child.stdin.on('error', () => {})
  child.stdin.end(all.map((network) => `${JSON.stringify(network)}\n`).join(''))
  let made = 0
  for await (const _ of createInterface({ input: child.stdout })) {
    made++
    yield
  }
  if (made < all.length) throw new Error(`Python failed at ${nameOf(all[made]!)}:\n${said}`)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: '' }, save: { type: 'boolean', default: false } },
  })
  const [python, folder] = positionals as [string, string]
  const chosen = networks.filter((network) => values.only.split(',').some((text) => nameOf(network).includes(text)))
  if (chosen.length === 0) throw new Error(`no network has ${values.only} in its name`)
  const rows: Row[] = []
  const missing = new Set(chosen.filter((network) => lacks(folder, network)))
  const made = missing.size > 0 ? make(python, folder, [...missing]) : undefined
  for (const network of chosen) {
    if (missing.has(network)) await made!.next()
    for (const file of network.files) {
      const facts = JSON.parse(readFileSync(`${folder}/${file.name}.json`, 'utf8')) as Facts
      const row = { network, file, facts, checked: facts.error === undefined ? await check(folder, file, facts) : null }
      rows.push(row)
      const { state, law, differences } = row.checked ?? { state: `not made: ${facts.error}`, law: '', differences: [] }
      console.log([`${file.name}: ${state}${law ? `, ${law}` : ''}`, ...differences].join('\n   '))
    }
  }
  // So that a failure after the last line is seen, and no process stays.
  await made?.next()
  if (values.save) writeFileSync(page, corpusPage(rows))
  const failed = rows.filter(({ checked }) => checked?.state === 'fails').length
  console.log(`${rows.length} files of ${chosen.length} networks, ${failed} with a difference`)
  if (failed > 0) process.exitCode = 1
}

await main().catch((error: Error) => {
  console.error(`test:corpus: ${error.message}`)
  process.exitCode = 1
})
