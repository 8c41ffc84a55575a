import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EnginePool } from '../../src/api/pool/pool.ts'
import { EngineProcess, type EngineProcessEnded } from '../../src/api/pool/process.ts'
import type { EngineError } from '../../src/engine/errors.ts'
import { defaultLimits } from '../../src/engine/limits.ts'
import { smallNetwork } from './helper.ts'

const options = { processes: 1, limits: defaultLimits, timeoutMs: 60_000, maxBodyBytes: 1024 }
const small = Buffer.from(JSON.stringify(smallNetwork(2)))
/** Lists in lists take 32 times their length: far more than the heap of a pool whose texts have 1,024 bytes. */
const dense = Buffer.from(`{"name":"x","layers":${'['.repeat(10_000_000)}${']'.repeat(10_000_000)}}`)

const children = (): string[] => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)

test('a task that takes more memory than allowed is refused, and the next one has a new process', {
  skip: process.platform !== 'linux',
}, async () => {
  const warnings: { reason: string }[] = []
  const pool = new EnginePool({ ...options, log: { warn: (data) => void warnings.push(data as { reason: string }) } })
  try {
    await pool.ready()
    const [before] = children()
    await assert.rejects(
      pool.read(dense),
      (error: EngineError) => error.code === 'LIMIT_EXCEEDED' && /more than the \d+ MiB of memory/.test(error.message),
    )
    assert.match(warnings[0]!.reason, /ended by signal|ended with code/)
    assert.equal((await pool.read(small)).name, 'small 2')
    const [after, ...others] = children()
    assert.notEqual(after, before)
    assert.deepEqual(others, [])
  } finally {
    await pool.close()
  }
  assert.deepEqual(children(), [])
})

test('a process that is killed from outside costs its task, and the pool goes on', { skip: process.platform !== 'linux' }, async () => {
  const pool = new EnginePool(options)
  try {
    await pool.ready()
    process.kill(Number(children()[0]), 'SIGKILL')
    for (let i = 0; children().length > 0 && i < 500; i++) await sleep(10)
    assert.equal((await pool.read(small)).name, 'small 2')
  } finally {
    await pool.close()
  }
})

test('array buffers beyond the limit are refused, which V8’s heap limit would let pass', {
  skip: process.platform !== 'linux',
}, async () => {
  const engine = new EngineProcess({ heapMiB: 128, bufferBytes: 0, cpuSeconds: 60 })
  try {
    await engine.ready()
    // 768 MiB of text: more than Node's share, its heap and the buffers together.
    const bytes = new Uint8Array(768 * 2 ** 20)
    await assert.rejects(engine.run('read', { bytes, limits: defaultLimits }), (error: EngineProcessEnded) => error.outOfMemory)
  } finally {
    engine.end()
    await engine.gone
  }
})

test('an error without a code of ours keeps its message, its stack and its code', async () => {
  const engine = new EngineProcess({ heapMiB: 256, bufferBytes: 2 ** 28, cpuSeconds: 60 })
  try {
    await engine.ready()
    const file = { path: '/nowhere/at/all.onnx', digest: '', bytes: 1 }
    await assert.rejects(engine.run('onnx', { name: 'x', file, limits: defaultLimits }), (error: NodeJS.ErrnoException) => {
      assert.equal(error.code, 'ENOENT')
      assert.match(error.stack!, /onnx-file\.ts/)
      return true
    })
  } finally {
    engine.end()
    await engine.gone
  }
})
