import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: { name: string }[] }

const value = (path: string) => `import * as x from '${path}'\nexport const y = x\n`
const type = (path: string) => `import type * as x from '${path}'\nexport type Y = typeof x\n`

/** A small tree that keeps every rule: each layer imports what it may. */
const clean: Record<string, string> = {
  'package.json': JSON.stringify({
    type: 'module',
    dependencies: {
      typebox: '*',
      '@tensorflow/tfjs-core': '*',
      'onnxruntime-node': '*',
      fastify: '*',
      'drizzle-orm': '*',
      '@scalar/fastify-api-reference': '*',
    },
    devDependencies: { ws: '*' },
  }),
  'src/engine/op.ts': value('typebox'),
  'src/engine/lowering.ts': `${type('@tensorflow/tfjs-core')}export * from './op.ts'\n`,
  'src/store/index.ts': `export * from '../engine/op.ts'\nexport * as path from 'node:path'\n`,
  'src/gpu/contract.ts': `export * from '../store/index.ts'\n`,
  'src/gpu/queue/index.ts': `export * from '../../engine/op.ts'\nexport * from '../contract.ts'\n`,
  'src/gpu/runtimes/one/index.ts': `${value('onnxruntime-node')}export * from '../../contract.ts'\n`,
  'src/gpu/worker/child/main.ts': `export * from '../../runtimes/one/index.ts'\n`,
  'src/gpu/runtimes/two/index.ts': `${value('@tensorflow/tfjs-core')}export * from '../../contract.ts'\n`,
  'src/api/app.ts': `${value('fastify')}export * from './features/a/routes.ts'\nexport * from '../gpu/queue/index.ts'\n`,
  'src/api/features/a/routes.ts': `export * from './service.ts'\n`,
  'src/api/features/a/service.ts': `export * from '../b/service.ts'\n`,
  'src/api/features/b/routes.ts': `export * from './service.ts'\n`,
  'src/api/features/b/service.ts': `export * from '../../../store/index.ts'\n`,
  'src/cli/main.ts': `export * from '../engine/op.ts'\n`,
  'web/main.tsx': `export * from './page.tsx'\n`,
  'web/page.tsx': 'export const page = 1\n',
  'scripts/tool.ts': `export * from '../src/api/app.ts'\n`,
  'test/a.test.ts': `export * from '../src/api/app.ts'\nexport * from './helper.ts'\n`,
  'test/helper.ts': 'export const helper = 1\n',
  'bench/http.ts': `export * from '../src/api/app.ts'\n`,
}

/** One deliberate violation a line: the rule, the file that breaks it, its text. Several lines where a rule has several sides. */
const violations: [rule: string, file: string, text: string][] = [
  ['engine-imports-no-other-layer', 'src/engine/bad-store.ts', value('../store/index.ts')],
  ['engine-imports-no-other-layer', 'src/engine/bad-type.ts', type('../gpu/contract.ts')],
  ['engine-uses-no-node-module', 'src/engine/bad-fs.ts', value('node:fs')],
  ['engine-uses-no-node-module', 'src/engine/bad-clock.ts', value('perf_hooks')],
  ['engine-uses-pure-packages-only', 'src/engine/bad-package.ts', value('fastify')],
  ['engine-knows-tfjs-by-type-only', 'src/engine/bad-tfjs.ts', value('@tensorflow/tfjs-core')],
  ['store-imports-engine-only', 'src/store/bad-gpu.ts', value('../gpu/contract.ts')],
  ['store-imports-engine-only', 'src/store/bad-api.ts', value('../api/app.ts')],
  ['gpu-imports-store-and-engine-only', 'src/gpu/bad-api.ts', value('../api/app.ts')],
  ['api-imports-src-only', 'src/api/bad-web.ts', value('../../web/page.tsx')],
  ['cli-imports-engine-only', 'src/cli/bad-store.ts', value('../store/index.ts')],
  ['nothing-imports-the-command-line', 'src/api/bad-cli.ts', value('../cli/main.ts')],
  ['bindings-in-runtimes-only', 'src/api/bad-binding.ts', value('onnxruntime-node')],
  ['bindings-in-runtimes-only', 'src/gpu/bad-binding.ts', `export const load = () => import('@tensorflow/tfjs-core')\n`],
  ['runtimes-stand-alone', 'src/gpu/runtimes/one/bad.ts', value('../two/index.ts')],
  ['child-of-the-worker-by-message-only', 'src/gpu/queue/bad-child.ts', value('../worker/child/main.ts')],
  ['child-of-the-worker-by-message-only', 'src/api/bad-runtime.ts', type('../gpu/runtimes/one/index.ts')],
  ['child-of-the-worker-judges-nothing', 'src/gpu/worker/child/bad-judge.ts', value('../../queue/index.ts')],
  ['drizzle-by-one-door', 'src/store/bad-drizzle.ts', value('drizzle-orm')],
  ['reference-by-its-thread', 'src/api/bad-reference.ts', value('@scalar/fastify-api-reference')],
  ['features-share-no-routes', 'src/api/features/a/bad.ts', value('../b/routes.ts')],
  ['web-talks-http-only', 'web/bad.ts', value('../src/engine/op.ts')],
  ['nothing-imports-tests-or-benchmarks', 'src/api/bad-test.ts', value('../../test/helper.ts')],
  ['nothing-imports-tests-or-benchmarks', 'scripts/bad-bench.ts', value('../bench/http.ts')],
  ['shipped-code-uses-declared-dependencies', 'src/api/bad-dev.ts', value('ws')],
  ['shipped-code-uses-declared-dependencies', 'src/api/bad-transitive.ts', value('pino')],
  ['no-cycles', 'src/gpu/bad-cycle.ts', value('./bad-cycle-half.ts')],
  ['no-cycles', 'src/engine/bad-type-cycle.ts', type('./bad-type-cycle-half.ts')],
  ['no-orphans', 'src/gpu/bad-orphan.ts', 'export const alone = 1\n'],
  ['imports-resolve', 'src/gpu/bad-spelling.ts', value('./kontract.ts')],
]

/** What closes the two cycles; each is reported once, from either end. */
const halves = {
  'src/gpu/bad-cycle-half.ts': value('./bad-cycle.ts'),
  'src/engine/bad-type-cycle-half.ts': type('./bad-type-cycle.ts'),
}

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function tree(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-boundaries-'))
  folders.push(folder)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

const check = (folder: string, nodeOptions: string[] = []) =>
  new Promise<{ code: number; lines: string[] }>((done) => {
    const script = join(root, 'scripts/check-boundaries.ts')
    execFile(process.execPath, [...nodeOptions, script, folder], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? -1) : 0, lines: `${stdout}${stderr}`.trim().split('\n') }),
    )
  })

test('a tree that keeps the rules passes', async () => {
  const { code, lines } = await check(tree(clean))
  assert.deepEqual(lines.slice(0, -1), [])
  assert.equal(code, 0)
})

test('this repository keeps the rules', async () => {
  const { code, lines } = await check(root)
  assert.deepEqual(lines.slice(0, -1), [])
  assert.equal(code, 0)
})

test('each rule catches its deliberate violation, and no other rule does', async () => {
  const { code, lines } = await check(
    tree({ ...clean, ...halves, ...Object.fromEntries(violations.map(([, file, text]) => [file, text])) }),
  )
  assert.equal(code, 1)
  const found = lines.slice(0, -1).map((line) => {
    const [rule, path] = line.split(': ') as [string, string]
    return `${rule}: ${path.split(' → ')[0]!.replace('-half.ts', '.ts')}`
  })
  assert.deepEqual([...new Set(found)].sort(), violations.map(([rule, file]) => `${rule}: ${file}`).sort())
})

test('every rule has a violation that proves it', () => {
  assert.deepEqual([...new Set(violations.map(([rule]) => rule))].sort(), config.forbidden.map((rule) => rule.name).sort())
})

test('a TypeScript that dependency-cruiser does not know fails the check', async () => {
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({
      resolve: (name, context, next) =>
        name === 'typescript/package.json' ? { url: 'fake:typescript', format: 'json', shortCircuit: true } : next(name, context),
      load: (url, context, next) =>
        url === 'fake:typescript' ? { format: 'json', source: '{"version":"7.0.2"}', shortCircuit: true } : next(url, context),
    })`
  const { code, lines } = await check(tree(clean), ['--import', `data:text/javascript,${encodeURIComponent(hook)}`])
  assert.match(lines[0]!, /does not know the TypeScript/)
  assert.equal(code, 1)
})

test('a tree without any source file fails the check', async () => {
  const { code } = await check(tree({ 'package.json': '{}' }))
  assert.equal(code, 1)
})
