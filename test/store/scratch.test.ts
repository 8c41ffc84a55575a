import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ownName } from '../../src/store/process-name.ts'
import { Scratch } from '../../src/store/scratch.ts'

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const days = (n: number) => new Date(Date.now() - n * 86_400_000)
/** The folder of a process, last heard of so many days ago. */
function leave(folder: string, name: readonly string[], daysAgo: number): string {
  const left = join(folder, [...name, 'nonce'].join(','))
  mkdirSync(left)
  utimesSync(left, days(daysAgo), days(daysAgo))
  return left
}

test('of a shared folder, what processes of this host left goes at once, of others what was not touched for a day', async (t) => {
  const folder = folderFor(t)
  const [host, boot, namespace, pid, ticks] = ownName()
  const stay = {
    'alive, and idle for days': leave(folder, ownName(), 3),
    'another host, alive of late': leave(folder, ['elsewhere', boot, namespace, pid, ticks], 0.9),
    'another container of the same host name, alive of late': leave(folder, [host, boot, `${namespace}1`, '4000000', '1'], 0.9),
  }
  const go = {
    'another host, silent for long': leave(folder, ['elsewhere', boot, namespace, pid, ticks, 'x'], 1.1),
    'no such process': leave(folder, [host, boot, namespace, '4194305', ticks], 0),
    ...(ticks ? { 'its number was given to another process': leave(folder, [host, boot, namespace, pid, `${ticks}1`], 0) } : {}),
    'of an earlier version, silent for long': leave(folder, [host, '1'], 1.1),
  }
  await new Scratch(folder).sweep(false)
  for (const [what, path] of Object.entries(stay)) assert.ok(existsSync(path), what)
  for (const [what, path] of Object.entries(go)) assert.ok(!existsSync(path), what)
  await new Scratch(folder).sweep(true)
  assert.deepEqual(readdirSync(folder), [], 'who is alone clears all')
})

test('a process that runs says so, however little it does', async (t) => {
  const scratch = new Scratch(folderFor(t), 5)
  t.after(() => scratch.close())
  const own = dirname(await scratch.path())
  utimesSync(own, days(2), days(2))
  for (let i = 0; i < 400 && Date.now() - statSync(own).mtimeMs > 60_000; i++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(Date.now() - statSync(own).mtimeMs < 60_000)
})

test('a folder that could not be made, or was removed since, is made with the next file', async (t) => {
  const folder = join(folderFor(t), 'scratch')
  writeFileSync(folder, 'in the way')
  const scratch = new Scratch(folder)
  t.after(() => scratch.close())
  await assert.rejects(scratch.path())
  rmSync(folder)
  for (let i = 0; i < 2; i++) {
    writeFileSync(await scratch.path(), 'x')
    rmSync(folder, { recursive: true })
  }
})
