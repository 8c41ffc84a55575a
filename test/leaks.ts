/**
 * `npm run test:leaks [-- --sessions 10000]`: sessions of ONNX Runtime's C API made, run, read and released one after
 * another, on one process; the memory that it holds must not grow with them. Exit code 1 where it does.
 */
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { loadRuntime } from '../src/gpu/runtimes/index.ts'
import { probeRequest } from '../src/gpu/runtimes/probe-request.ts'

/** What the process may hold more at the end than after the first fifth, bytes: a leak of 1 kB a session would show. */
const allowed = 8 * 2 ** 20
const { values } = parseArgs({ options: { sessions: { type: 'string', default: '10000' } } })
const sessions = Number(values.sessions)
const runtime = await loadRuntime('onnxruntime', 'cpu')
const request = { ...probeRequest({ name: 'cpu:0', uuid: '', kind: 'cpu', index: 0, model: '', driver: null }), scratch: tmpdir() }

const held = () => {
  for (let i = 0; i < 2; i++) globalThis.gc!()
  return process.memoryUsage.rss()
}
let after = 0
for (let i = 1; i <= sessions; i++) {
  const session = await runtime.load(request)
  await session.run()
  await session.outputs()
  await session.dispose()
  if (i % (sessions / 10) !== 0) continue
  const bytes = held()
  if (i === sessions / 5) after = bytes
  console.log(`${i} sessions: ${(bytes / 2 ** 20).toFixed(1)} MiB`)
  // Lets finalizers of the garbage collector run.
  await new Promise((resolve) => setImmediate(resolve))
}
const grown = held() - after
console.log(`${(grown / 2 ** 20).toFixed(1)} MiB more than after the first fifth, at most ${allowed / 2 ** 20} MiB are allowed`)
if (grown > allowed) process.exitCode = 1
