import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock, test } from 'node:test'
import { codedError } from '../../src/api/errors.ts'
import { DiskSpace } from '../../src/store/disk-space.ts'
import { isRefusal, openStore } from '../../src/store/index.ts'
import { emptyPlace } from './helper.ts'

const MiB = 2 ** 20
const refused = (code: string, message: RegExp) => (error: any) => error.code === code && message.test(error.message)

test('a disk that fills up and is emptied again: refused with the reason, the reserve given up, taken again by itself', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'archmeter-disk-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  let now = 0
  mock.method(performance, 'now', () => (now += 5000))
  t.after(() => mock.restoreAll())
  let free = 1000 * MiB
  const reserve = join(folder, 'reserve')
  const disk = new DiskSpace(folder, { reserveBytes: 2 * MiB, freeBytes: async () => free })
  await disk.require()
  // Blocks of the disk, not only a length.
  assert.ok(statSync(reserve).blocks * 512 >= 2 * MiB)
  free = 31 * MiB
  await assert.rejects(disk.require(), refused('DISK_FULL', /31 MiB left: new work is accepted when 34 MiB are free/))
  assert.equal(existsSync(reserve), false)
  // What the reserve gave back is not for new work.
  free = 33 * MiB
  await assert.rejects(disk.require(), refused('DISK_FULL', /33 MiB/))
  free = 40 * MiB
  await disk.require()
  assert.ok(existsSync(reserve))
})

test('a data folder that is not there yet is made, beside a database server too', async (t) => {
  const { options, remove } = await emptyPlace()
  const store = await openStore({ ...options, dataDir: join(options.dataDir, 'new') })
  t.after(async () => {
    await store.close()
    await remove()
  })
  await store.disk.require()
})

test('a folder that cannot be written to is named as such', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'archmeter-disk-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const disk = new DiskSpace(folder, {
    freeBytes: async () => {
      throw Object.assign(new Error('read-only file system'), { code: 'EROFS' })
    },
  })
  await assert.rejects(disk.require(), refused('DATA_FOLDER_READ_ONLY', /EROFS.*mount it writable/))
})

test('a folder that still grants access but takes no byte is not ready, and a reserve that was removed is made again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'archmeter-disk-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  let now = 0
  mock.method(performance, 'now', () => (now += 5000))
  t.after(() => mock.restoreAll())
  const reserve = join(folder, 'reserve')
  const disk = new DiskSpace(folder, { reserveBytes: 2 * MiB, freeBytes: async () => 1000 * MiB })
  await disk.require()
  await rm(reserve)
  await disk.require()
  assert.equal(statSync(reserve).size, 2 * MiB)
  // A folder in its place takes no byte, from root neither.
  await rm(reserve)
  await mkdir(reserve)
  await assert.rejects(disk.require(), refused('DATA_FOLDER_UNUSABLE', /EISDIR/))
  await rm(reserve, { recursive: true })
  await disk.require()
})

test('what the file system and PostgreSQL say of a full disk is 507', () => {
  for (const code of ['ENOSPC', 'EDQUOT', '53100']) {
    const said = codedError(new Error('Failed query', { cause: Object.assign(new Error('x'), { code }) }))
    assert.deepEqual([said.code, said.status], ['DISK_FULL', 507])
  }
  assert.equal(codedError(Object.assign(new Error('x'), { code: 'EROFS' })).status, 503)
  const readOnly = Object.assign(new Error('could not open file "base/5/16384": Read-only file system'), { code: '42501' })
  assert.equal(codedError(new Error('Failed query', { cause: readOnly })).code, 'DATA_FOLDER_READ_ONLY')
  assert.equal(isRefusal(readOnly), false, 'the end of a run is stored when the folder is writable again')
  assert.equal(codedError(Object.assign(new Error('permission denied for table runs'), { code: '42501' })).code, 'INTERNAL')
})
