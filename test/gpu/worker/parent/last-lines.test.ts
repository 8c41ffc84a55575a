import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { LastLines } from '../../../../src/gpu/worker/parent/last-lines.ts'

async function read(...chunks: string[]): Promise<{ text: string; seen: string[] }> {
  const seen: string[] = []
  const lines = new LastLines((line) => seen.push(line))
  const stream = new PassThrough()
  lines.read(stream)
  for (const chunk of chunks) stream.write(chunk)
  stream.end()
  await once(stream, 'end')
  return { text: lines.text(), seen }
}

test('lines come whole, however they were cut, and the last needs no newline', async () => {
  assert.deepEqual((await read('on', 'e\ntwo\n\nthr', 'ee')).seen, ['one', 'two', 'three'])
})

test('the last twenty stay, each bounded, and a line without an end is not gathered', async () => {
  const { text } = await read(...Array.from({ length: 30 }, (_, i) => `line ${i}\n`))
  assert.equal(text.split('\n').length, 20)
  assert.match(text, /^line 10\n/)
  const long = await read(...Array.from({ length: 100 }, () => 'x'.repeat(10_000)))
  assert.equal(long.text.length, 500)
})

test('a native stack trace, however long, leaves the reason that stands before it', async () => {
  const fatal = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n\n'
  const frames = Array.from({ length: 40 }, (_, i) => `${String(i + 1).padStart(2)}: 0x75968e node::OOMErrorHandler(char const*) [node]\n`)
  const { text, seen } = await read(fatal, ...frames)
  assert.match(text, /^FATAL ERROR: Reached heap limit/)
  assert.equal(seen.length, 42)
})
