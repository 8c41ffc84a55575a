/**
 * Bundles the command line into `dist/archmeter.js`, and into files beside it what few commands need, so that it starts in a
 * fraction of a second and on Node 20, which cannot strip types. `bin/archmeter.js` calls it where the sources are newer than the bundle. Plain JavaScript, for
 * the same reason.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bundle = `${root}dist/archmeter.js`
/** What the bundle was made of, a path a line. */
const list = `${root}dist/archmeter.inputs`

/** Whether the bundle is there and nothing that it was made of has changed since. */
export function isFresh() {
  const made = statSync(bundle, { throwIfNoEntry: false })?.mtimeMs
  const inputs = statSync(list, { throwIfNoEntry: false }) ? readFileSync(list, 'utf8').trim().split('\n') : []
  return (
    made !== undefined &&
    inputs.length > 0 &&
    inputs.every((path) => (statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY) < made)
  )
}

/** Makes the bundle. Written aside and renamed, since several commands may start at once. */
export async function build() {
  const { build: bundleFiles } = await import('esbuild')
  const { outputFiles, metafile } = await bundleFiles({
    absWorkingDir: root,
    entryPoints: { archmeter: 'src/cli/main.ts' },
    outdir: `${root}dist`,
    chunkNames: 'archmeter-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // commander is CommonJS, which a bundle of modules hands a `require`.
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  mkdirSync(`${root}dist`, { recursive: true })
  const aside = `${root}dist/archmeter.${process.pid}`
  try {
    const sources = Object.keys(metafile.inputs).filter((path) => !path.startsWith('node_modules/'))
    const made = outputFiles.map(({ path, contents }) => [path, contents])
    // The start comes last: what it loads is there by then.
    made.sort(([a], [b]) => Number(a === bundle) - Number(b === bundle))
    made.unshift([list, ['scripts/build-cli.js', 'package.json', 'package-lock.json', ...sources].join('\n')])
    for (const [to, content] of made) {
      writeFileSync(aside, content)
      renameSync(aside, to)
    }
    const kept = new Set(made.map(([path]) => basename(path)))
    for (const name of readdirSync(`${root}dist`))
      if (/^archmeter-.*\.js$/.test(name) && !kept.has(name)) rmSync(`${root}dist/${name}`, { force: true })
  } finally {
    rmSync(aside, { force: true })
  }
}
