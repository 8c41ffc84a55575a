import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Keyring, type Presented, watchStaleMs } from '../../../src/api/access/keyring.ts'
import type { Role } from '../../../src/api/access/roles.ts'
import { digestOf, isKey, makeKey, makeToken, withoutKeys } from '../../../src/api/access/secret.ts'
import type { ApiKey } from '../../../src/store/index.ts'
import type { Credentials } from '../../../src/store/keys.ts'

const unlimited = { issuer: null, subject: null, runsPerHour: null, deviceSecondsPerDay: null, bytesStored: null }

/** A store whose keys the test changes; it counts what is read of it. */
function openKeyring(over: Partial<Credentials> = {}) {
  const state = { made: false, keys: [] as ApiKey[], sessions: [] as Credentials['sessions'], ...over }
  const seen = { reads: 0, touched: [] as string[], fails: false, onRead: () => {} }
  let notice = () => {}
  const keyring = new Keyring({
    keys: {
      credentials: async () => {
        seen.reads += 1
        await null
        seen.onRead()
        if (seen.fails) throw new Error('the database does not answer')
        return { ...state, keys: state.keys.filter(({ revokedAt }) => !revokedAt) }
      },
      touch: async (ids) => void seen.touched.push(...ids),
    },
    notifications: {
      onKeys(callback) {
        notice = callback
        return () => {}
      },
    },
    log: { warn: () => {} },
    anonymous: 'admin',
  })
  const add = (role: Role, expiresAt: Date | null = null) => {
    const { key, prefix } = makeKey()
    const row = { id: `id of ${prefix}`, prefix, digest: digestOf(key), name: role, role, expiresAt }
    state.keys.push({ ...row, createdAt: new Date(), lastUsedAt: null, revokedAt: null, weight: 1, ...unlimited })
    state.made = true
    return { key, row: state.keys.at(-1)! }
  }
  /** A browser signed in by a key. */
  const signIn = (row: ApiKey, expiresAt = new Date(Date.now() + 60_000)) => {
    const token = makeToken()
    state.sessions.push({ digest: digestOf(token), keyId: row.id, expiresAt })
    return token
  }
  const as = async (authorization: string | undefined) => keyring.identify({ authorization })
  return { keyring, state, seen, add, signIn, as, notice: () => notice() }
}
const unauthenticated = { code: 'UNAUTHENTICATED' }

describe('a keyring', () => {
  it('takes everyone in until a key is made, and nobody without one from then on, whatever becomes of it', async () => {
    const { as, add, keyring } = openKeyring()
    assert.deepEqual(await as(undefined), { role: 'admin', key: null })
    const { key, row } = add('admin')
    keyring.changed()
    await assert.rejects(as(undefined), unauthenticated)
    assert.equal((await as(`Bearer ${key}`)).role, 'admin')
    row.revokedAt = new Date()
    keyring.changed()
    await assert.rejects(as(`Bearer ${key}`), unauthenticated)
    await assert.rejects(as(undefined), unauthenticated)
  })

  it('reads the store once for many requests, and notes a use once', async () => {
    const { as, add, seen } = openKeyring()
    const { key, row } = add('reader')
    await Promise.all(Array.from({ length: 50 }, () => as(`Bearer ${key}`)))
    for (let i = 0; i < 50; i++) await as(`bearer  ${key}`)
    assert.deepEqual([seen.reads, seen.touched], [1, [row.id]])
    // Guesses ask the store no more often.
    for (let i = 0; i < 50; i++) await assert.rejects(as(`Bearer ${makeKey().key}`), unauthenticated)
    assert.ok(seen.reads <= 2, `${seen.reads} reads`)
  })

  it('learns of changes elsewhere by their notice', async () => {
    const { as, add, notice, state } = openKeyring()
    const { key } = add('runner')
    await as(`Bearer ${key}`)
    state.keys[0]!.revokedAt = new Date()
    assert.equal((await as(`Bearer ${key}`)).role, 'runner')
    notice()
    await assert.rejects(as(`Bearer ${key}`), unauthenticated)
  })

  it('refuses a key that has expired, other schemes and made-up keys, and never repeats what was sent', async () => {
    const { as, add } = openKeyring()
    const { key } = add('admin')
    const { key: old } = add('admin', new Date(Date.now() - 1000))
    for (const sent of [
      `Bearer ${old}`,
      `Basic ${key}`,
      key,
      `Bearer ${key}0`,
      `Bearer ${key.slice(0, -1)}`,
      'Bearer',
      'Bearer x',
      `Bearer ${key} x`,
      '',
    ])
      await assert.rejects(as(sent), (error: any) => {
        assert.equal(error.code, 'UNAUTHENTICATED', sent)
        assert.match(error.headers['www-authenticate'], /^Bearer realm=/)
        const secret = /[0-9a-f]{20,}/.exec(sent)?.[0]
        if (secret) assert.ok(!JSON.stringify({ ...error, message: error.message }).includes(secret))
        return true
      })
  })

  it('goes on with what it knows while the database is gone', async () => {
    const { as, add, seen } = openKeyring()
    const { key } = add('reader')
    await as(`Bearer ${key}`)
    seen.fails = true
    assert.equal((await as(`Bearer ${key}`)).role, 'reader')
    const other = openKeyring()
    other.seen.fails = true
    await assert.rejects(other.as(undefined), /does not answer/)
  })

  it('lets callers in however often keys and sessions change meanwhile', async () => {
    const { as, add, seen, keyring } = openKeyring()
    const { key } = add('reader')
    seen.onRead = () => {
      if (seen.reads > 20) throw new Error('read again for each change')
      keyring.changed()
    }
    assert.equal((await as(`Bearer ${key}`)).role, 'reader')
    // What was read before a change does not count after it.
    assert.equal((await as(`Bearer ${key}`)).role, 'reader')
    assert.equal(seen.reads, 2)
  })

  it('lets no call wait for a database that does not answer: for a minute, and where no key was made for as long as it takes', async (t) => {
    let later = 0
    const { now } = performance
    t.mock.method(performance, 'now', () => now.call(performance) + later)
    const closed = openKeyring()
    const open = openKeyring()
    const authorization = `Bearer ${closed.add('reader').key}`
    for (const { keyring, seen } of [closed, open]) {
      await keyring.identify({ authorization })
      later += 6000
      seen.fails = true
      await keyring.identify({ authorization })
      const { reads } = seen
      for (let i = 0; i < 20; i++) assert.ok(!(keyring.identify({ authorization }) instanceof Promise))
      assert.equal(seen.reads, reads)
    }
    later += 61_000
    await assert.rejects(closed.as(authorization), /does not answer/)
    // What only tells how the service is goes on, for whoever was known.
    assert.equal((await closed.keyring.identify({ authorization }, watchStaleMs)).role, 'reader')
    await assert.rejects(async () => closed.keyring.identify({}, watchStaleMs), { code: 'UNAUTHENTICATED' })
    assert.equal((await open.as(undefined)).role, 'admin')
    // Asked again meanwhile, it says when a key has been made.
    await sleep(20)
    later += 2000
    open.seen.fails = false
    open.add('admin')
    await open.as(undefined)
    await sleep(20)
    await assert.rejects(open.as(undefined), unauthenticated)
  })

  it('takes a token in a cookie and nothing else, and ends with the session what came by it', async () => {
    const { add, signIn, keyring, state } = openKeyring()
    const { key, row } = add('runner')
    const [left, kept] = [signIn(row), signIn(row)]
    const ended: string[] = []
    const ways: Record<string, Presented> = { left: { session: left }, kept: { session: kept }, key: { authorization: `Bearer ${key}` } }
    for (const [name, presented] of Object.entries(ways)) keyring.watch(await keyring.identify(presented), () => ended.push(name))
    await assert.rejects(async () => keyring.identify({ session: key }), unauthenticated)
    state.sessions.shift()
    keyring.changed()
    await sleep(20)
    assert.deepEqual(ended, ['left'])
  })

  it('ends what is open for a key that expires, although the database does not answer', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const { as, add, keyring, seen } = openKeyring()
    const { key } = add('reader', new Date(Date.now() + 1000))
    const { key: lasting } = add('reader')
    const ended: string[] = []
    for (const each of [key, lasting]) keyring.watch(await as(`Bearer ${each}`), () => ended.push(each))
    seen.fails = true
    t.mock.timers.setTime(Date.now() + 2000)
    keyring.changed()
    await sleep(20)
    assert.deepEqual(ended, [key])
  })

  it('ends what is open for a key when it is revoked', async () => {
    const { as, add, keyring } = openKeyring()
    const one = add('reader')
    const two = add('reader')
    const ended: string[] = []
    for (const { key, row } of [one, two]) keyring.watch(await as(`Bearer ${key}`), () => ended.push(row.id))
    one.row.revokedAt = new Date()
    keyring.changed()
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(ended, [one.row.id])
  })
})

it('a text for the log has the beginnings of keys alone', () => {
  const { key, prefix } = makeKey()
  assert.equal(withoutKeys(`no ${key}, /v1/keys/${key}?x=1`), `no ${prefix}_…, /v1/keys/${prefix}_…?x=1`)
  assert.equal(withoutKeys(`/v1/keys/${key.slice(0, 40)}`), `/v1/keys/${prefix}_…`)
})

it('a key has 256 bits of its own after its prefix, and no two are alike', () => {
  const made = Array.from({ length: 1000 }, () => makeKey())
  for (const { key, prefix } of made) {
    assert.ok(isKey(key) && key.startsWith(`${prefix}_`))
    assert.equal(key.length - prefix.length - 1, 256 / 4)
  }
  assert.equal(new Set(made.map(({ key }) => key.slice(13))).size, 1000)
  // FIPS 180-2, appendix B.1: the digest of "abc".
  assert.equal(digestOf('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
