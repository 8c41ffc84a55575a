#!/usr/bin/env node
/**
 * Starts the command line: its bundle, made first where it is missing or the sources are newer (a second, once). Plain
 * JavaScript, and Node 20 does.
 */
import { existsSync, readFileSync } from 'node:fs'
import module from 'node:module'

const at = (path) => new URL(`../${path}`, import.meta.url)

const [major] = process.versions.node.split('.').map(Number)
if (major < 20) fail(`Node.js 20 or newer is needed, and this is ${process.version}`)
// From Node 22 on compiled code is kept from start to start.
module.enableCompileCache?.()

// A package carries the bundle alone, a checkout the sources.
if (existsSync(at('src/cli/main.ts')) && existsSync(at('scripts/build-cli.js'))) {
  const { build, isFresh } = await import('../scripts/build-cli.js')
  if (!isFresh())
    await build().catch((cause) =>
      fail(
        cause.code === 'ERR_MODULE_NOT_FOUND'
          ? 'dependencies are missing: run npm ci in the checkout first'
          : `the bundle could not be made: ${cause.message}`,
      ),
    )
}
const { main } = await import('../dist/archmeter.js')
await main(process.argv.slice(2), JSON.parse(readFileSync(at('package.json'), 'utf8')).version)

/** Ends with a sentence, and the exit code of what cannot be read. */
function fail(sentence) {
  process.stderr.write(`archmeter: ${sentence}\n`)
  process.exit(2)
}
