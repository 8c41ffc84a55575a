/**
 * The container image, target cpu, built and tried: healthy, not root, both runtimes usable, a network registered, a run
 * timed; then SIGTERM in the middle of another one, which ends it cleanly. Docker or Podman where one answers, otherwise
 * buildah. Says `skipped: why` and exits with 77 where neither can serve.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Buildah, whyNoBuildah } from './buildah.ts'
import { findDocker } from './docker.ts'
import type { Container, Engine, ImageFacts } from './engine.ts'

const quick = { threads: 1, warmupMs: 100, minDurationMs: 500, maxDurationMs: 10_000 }
const endless = { threads: 1, warmupMs: 0, minDurationMs: 600_000, maxDurationMs: 600_000 }
/** SHUTDOWN_MS, the service's own limit, and something for a busy machine. */
const stopMs = 20_000

const ok = (what: string): void => console.log(`ok: ${what}`)

async function until<T>(what: string, seconds: number, get: () => Promise<T | undefined>): Promise<T> {
  const began = performance.now()
  for (;;) {
    const found = await get()
    if (found !== undefined) return found
    if (performance.now() - began > seconds * 1000) throw new Error(`${what}: not in ${seconds} s`)
    await sleep(200)
  }
}

async function call(url: string, address: string, body?: object): Promise<any> {
  const answer = await fetch(url + address, {
    ...(body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${address} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}

async function tryImage(engine: Engine, image: ImageFacts): Promise<void> {
  assert.match(image.user, /^[1-9]\d*:[1-9]\d*$/, `the image's user is ${image.user}, where numbers other than 0 are right`)
  const container = await engine.start()
  try {
    await tryContainer(container, image)
  } catch (error) {
    console.log(`--- the last of the service:\n${(await container.log()).split('\n').slice(-20).join('\n')}`)
    throw error
  }
}

async function tryContainer(container: Container, { user, healthcheck }: ImageFacts): Promise<void> {
  await until('the image’s own health check', 90, async () => ((await container.exec(healthcheck)).code === 0 ? true : undefined))
  ok('healthy, by the command that the image states')
  const wrong = healthcheck.map((word) => word.replace('/healthz', '/nothing-here'))
  assert.notEqual((await container.exec(wrong)).code, 0, 'the health check says yes to an answer of 404')

  const inside = async (expression: string) => (await container.exec(['node', '-p', expression])).out
  assert.match(await inside("fs.readFileSync('/proc/1/cmdline', 'utf8').replaceAll('\\0', ' ')"), /^node (--\S+ )*src\/api\/server\.ts ?$/)
  const status = await inside("fs.readFileSync('/proc/1/status', 'utf8')")
  assert.equal(status.match(/^Uid:\s+(.*)$/m)![1], Array(4).fill(user.split(':')[0]).join('\t'))
  ok(`process 1 is node, as user ${user}`)
  const own =
    "fs.readdirSync('/app', { recursive: true }).filter((name) => { try { fs.accessSync('/app/' + name, 2); return true } catch {} })"
  assert.equal(await inside(`(${own}).join()`), '', 'the service may change files of its own program')
  const lock = "Object.entries(JSON.parse(fs.readFileSync('/app/package-lock.json', 'utf8')).packages)"
  const dev = `${lock}.filter(([path, { dev }]) => dev && fs.existsSync('/app/' + path)).map(([path]) => path)`
  assert.equal(await inside(`${dev}.join()`), '', 'packages of development alone are in the image')
  assert.equal(
    await inside("fs.readdirSync('/app').sort().join(' ')"),
    '.npmrc LICENSE bin node_modules package-lock.json package.json src web',
  )
  ok('the program is read-only to it, and nothing of the build is left')

  const { url } = container
  const home = await (await fetch(url)).text()
  const program = /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(home)?.[1]
  assert.ok(program, `the dashboard is not at /: ${home.slice(0, 200)}`)
  const part = await fetch(url + program, { headers: { 'accept-encoding': 'br' } })
  assert.deepEqual([part.status, part.headers.get('content-encoding')], [200, 'br'], program)
  ok('the dashboard is there')

  const usable = await until('what works on the device', 60, async () => {
    const [device] = (await call(url, '/v1/devices')).items
    const runtimes = (device?.runtimes ?? []) as { runtime: string; backend: string; usable: boolean }[]
    return runtimes.length > 0 ? runtimes.filter((each) => each.usable).map((each) => `${each.runtime} ${each.backend}`) : undefined
  })
  assert.deepEqual(usable.sort(), ['onnxruntime cpu', 'onnxruntime node', 'tfjs wasm'])
  ok(`usable on its CPU: ${usable.join(', ')}`)

  const { id: architectureId } = await call(url, '/v1/architectures', { name: 'squeezenet', zoo: { preset: 'squeezenet1_1' } })
  const queue = (settings: object) => call(url, '/v1/runs', { architectureId, device: 'cpu:0', runtime: 'onnxruntime', settings })
  const queued = await queue(quick)
  const run = await until('a timed inference', 90, async () => {
    const run = await call(url, `/v1/runs/${queued.id}`)
    return run.finishedAt ? run : undefined
  })
  assert.equal(run.status, 'succeeded', JSON.stringify(run.error))
  const { latencyMs, samples } = run.result
  assert.ok(latencyMs.p50 > 0, `p50 is ${latencyMs.p50}`)
  ok(`SqueezeNet 1.1 timed: p50 ${latencyMs.p50.toFixed(2)} ms of ${samples} samples, certificate ${run.certificate.verdict}`)

  const interrupted = await queue(endless)
  await until('a second run', 60, async () => ((await call(url, `/v1/runs/${interrupted.id}`)).status === 'running' ? true : undefined))
  const began = performance.now()
  assert.equal(await container.stop(stopMs), 0, `SIGTERM in the middle of a run did not end process 1 with 0 in ${stopMs} ms`)
  ok(`SIGTERM in the middle of a run: ended with 0 after ${Math.round(performance.now() - began)} ms`)
  assert.deepEqual(await container.processes(), [], 'processes stayed')
  ok('no process stays')
}

const engine = await findDocker()
const why = engine ? null : await whyNoBuildah()
if (why) {
  console.log(`skipped: no Docker or Podman answers here, and ${why}`)
  process.exit(77)
}
const builder = engine ?? new Buildah()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void builder.remove().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)))
try {
  const began = performance.now()
  const image = await builder.build()
  ok(`built by ${builder.name} in ${Math.round((performance.now() - began) / 1000)} s; the image has ${Math.round(image.bytes / 1e6)} MB`)
  await tryImage(builder, image)
  console.log('all of it holds')
} catch (error) {
  console.log(`FAILED: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  await builder.remove()
}
