/** The most memory that the service and its processes hold while a file of 550 MB is uploaded and read. */
import { createWriteStream, mkdtempSync, openAsBlob, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { show } from '../figure.ts'
import { call, ready } from '../service.ts'
import { megabytes } from './processes.ts'
import { inTurns, type Part } from './row.ts'
import { serve, type Tree } from './tree.ts'

/** VGG-16 with weights as ONNX, all in one file. */
async function writeVgg16(tree: Tree, file: string): Promise<void> {
  const { url, stop } = await serve(tree)
  try {
    const { id } = await call<{ id: string }>(`${url}/v1/architectures`, { name: 'vgg16', zoo: { preset: 'vgg16' } })
    const answer = await fetch(`${url}/v1/architectures/${id}/export?format=onnx&weights=seeded`)
    if (!answer.ok) throw new Error(`export: ${answer.status} ${await answer.text()}`)
    await pipeline(Readable.fromWeb(answer.body!), createWriteStream(file))
  } finally {
    await stop()
  }
}

/** What is held at the most above what was held before, MB (Pss of all processes, looked at every 20 ms). */
async function peakOf(tree: Tree, file: string): Promise<number> {
  const { url, child, stop } = await serve(tree)
  try {
    await ready({ url })
    await sleep(3000)
    const before = megabytes(child.pid!, 'Pss')
    let most = before
    let done = false
    const watching = (async () => {
      while (!done) {
        most = Math.max(most, megabytes(child.pid!, 'Pss'))
        await sleep(20)
      }
    })()
    const answer = await fetch(`${url}/v1/architectures?name=vgg16-file`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: await openAsBlob(file),
    })
    done = true
    await watching
    if (answer.status !== 201) throw new Error(`upload: ${answer.status} ${await answer.text()}`)
    return most - before
  } finally {
    await stop()
  }
}

export const part: Part = {
  name: 'upload',
  async run(trees) {
    const folder = mkdtempSync(join(tmpdir(), 'archmeter-compare-'))
    try {
      const file = join(folder, 'vgg16.onnx')
      await writeVgg16(trees[1], file)
      const size = statSync(file).size / 1e6
      const [before, now] = await inTurns(trees, 2, (tree) => peakOf(tree, file))
      return [
        {
          what: `peak of importing VGG-16 with weights (${show(size)} MB)`,
          unit: 'MB',
          before,
          now,
          held: now / size,
          aim: '≤ 1.2 × the file',
          met: now <= 1.2 * size,
          note: 'Pss of all processes above what they held before, every 20 ms',
        },
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
