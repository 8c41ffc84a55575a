/** Samples as text, no faster than the client reads them: the rest stays in the database. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Samples } from '../../../store/index.ts'

/** Samples read at a time: half a megabyte as stored. */
const part = 60_000
/** Samples written per turn of the event loop, so that a million of them block nobody. */
const chunk = 5000

async function* chunks(samples: Samples): AsyncGenerator<[number, Float64Array]> {
  for (let start = 0; start < samples.count; start += part) {
    const read = await samples.read(start, part)
    for (let at = 0; at < read.length; at += chunk) {
      yield [start + at, read.subarray(at, at + chunk)]
      await nextTurn()
    }
  }
}

export async function* jsonOf(runId: string, samples: Samples): AsyncGenerator<string> {
  yield `{"runId":${JSON.stringify(runId)},"unit":"ms","samples":[`
  for await (const [at, read] of chunks(samples)) yield `${at > 0 ? ',' : ''}${read.join(',')}`
  yield ']}'
}

export async function* csvOf(samples: Samples): AsyncGenerator<string> {
  yield 'index,ms\r\n'
  for await (const [at, read] of chunks(samples)) yield Array.from(read, (ms, i) => `${at + i},${ms}\r\n`).join('')
}
