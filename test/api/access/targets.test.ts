/** Where requests that somebody has the service send may go. No test here connects anywhere but to a listener of its own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { allowedProblems, RefusedTarget, rangeOf, Targets } from '../../../src/api/access/targets.ts'
import { readConfig } from '../../../src/api/config.ts'
import { post } from '../../../src/api/features/webhooks/post.ts'

/** Ranges by the IANA special-purpose registries (RFC 6890 and its updates), an address at each end where there is one. */
const special: Record<string, readonly string[]> = {
  'this network': ['0.0.0.0', '0.255.255.255'],
  loopback: ['127.0.0.1', '127.255.255.255', '::1'],
  'RFC 1918': ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  'carrier-grade NAT, RFC 6598': ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
  'link-local, metadata': ['169.254.0.0', '169.254.169.254', '169.254.255.255', 'fe80::1', 'febf:ffff::1', 'fe80::1%eth0'],
  'IETF protocol assignments': ['192.0.0.0', '192.0.0.192', '192.0.0.255'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  benchmarking: ['198.18.0.0', '198.19.255.255', '2001:2::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  reserved: ['240.0.0.0', '255.255.255.254', '255.255.255.255', '4000::1', '8000::1', 'e000::1'],
  'unique local, RFC 4193': ['fc00::1', 'fd00:ec2::254', 'fdff:ffff::1'],
  'site-local, RFC 3879': ['fec0::1'],
  unspecified: ['::'],
  'IPv4 inside IPv6': [
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:192.168.1.1', '::127.0.0.1', '::ffff:0:10.0.0.1'],
    ...['64:ff9b::10.0.0.1', '64:ff9b:1::10.0.0.1', '2002:7f00:1::', '2002:a00:1::', '2001:0:7f00:1::'],
  ],
  'a host’s own services in a public range': ['168.63.129.16', '::ffff:168.63.129.16'],
}
const open = [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '2606:4700:4700::1111',
  '::ffff:1.1.1.1',
]

/** Spellings of addresses that are not public, as a URL may have them (WHATWG URL, 3.5). */
const spelled = [
  ...['127.1', '127.0.1', '0x7f000001', '0x7f.1', '0177.0.0.1', '2130706433', '017700000001', '127.0.0.1.', '127。0。0。1', '１２７.0.0.1'],
  ...['0', '0.0', '10.1', '0xA9FEA9FE', '2852039166', '0251.0376.0251.0376', '169.254.43518', '%31%32%37.0.0.1'],
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0000::0001]', '[FE80::1]', '[::]', '[fd00::1]'],
]

const refused = (text: RegExp) => (error: unknown) => error instanceof RefusedTarget && text.test(error.message)
const toward = (address: string) => async () => [{ address, family: address.includes(':') ? 6 : 4 }]

describe('targets', () => {
  it('no spelling of an address that is not public passes', async () => {
    const targets = new Targets(undefined, async () => assert.fail('an address was looked up'))
    for (const [range, addresses] of Object.entries(special))
      for (const address of addresses) {
        assert.ok(rangeOf(address), `${address} (${range})`)
        if (!address.includes('%'))
          assert.throws(
            () => targets.read(`https://${address.includes(':') ? `[${address}]` : address}/x`),
            refused(/no public address/),
            address,
          )
        // The same behind a name.
        const named = new Targets(undefined, toward(address))
        await assert.rejects(named.requireNow(named.read('https://hooks.example/x')), refused(/hooks.example leads to/), address)
      }
    for (const host of spelled) assert.throws(() => targets.read(`https://${host}/x`), refused(/no public address/), host)
    for (const address of open) {
      assert.equal(rangeOf(address), null, address)
      assert.ok(targets.read(`https://${address.includes(':') ? `[${address}]` : address}/x`))
    }
  })

  it('takes https alone, without user, password or fragment', () => {
    const targets = new Targets(undefined)
    assert.equal(targets.read('https://Hooks.Example:8443/a?b=c').href, 'https://hooks.example:8443/a?b=c')
    for (const [url, why] of [
      ['http://hooks.example/x', /plain http/],
      ['http://1.1.1.1/x', /plain http/],
      ['ftp://hooks.example/x', /https, not ftp/],
      ['file:///etc/hostname', /https, not file/],
      ['data:text/plain,x', /https, not data/],
      ['https://me:secret@hooks.example/x', /no user and password/],
      ['https://me@hooks.example/x', /no user and password/],
      ['https://hooks.example/x#y', /fragment/],
      ['hooks.example/x', /no URL/],
      ['https://', /no URL/],
      ['https://[::1/', /no URL/],
      ['https://1.2.3.4.5/', /no URL/],
    ] as const)
      assert.throws(() => targets.read(url), refused(why), url)
  })

  it('one address that is not public refuses the name, and a name that is not known yet is checked when it is called', async () => {
    const both = new Targets(undefined, async () => [...(await toward('1.1.1.1')()), ...(await toward('10.0.0.1')())])
    await assert.rejects(both.requireNow(both.read('https://hooks.example')), refused(/10\.0\.0\.1/))
    await assert.rejects(promisify(both.lookup)('hooks.example', { all: true }), refused(/10\.0\.0\.1/))
    const system = new Targets(undefined)
    await assert.rejects(
      system.requireNow(system.read('https://localhost/x')),
      refused(/localhost leads to .* no public address \(loopback\)/),
    )
    const unknown = new Targets(undefined, () => Promise.reject(new Error('ENOTFOUND')))
    await unknown.requireNow(unknown.read('https://hooks.example'))
    await assert.rejects(promisify(unknown.lookup)('hooks.example', {}), /ENOTFOUND/)
  })

  it('are opened by name, address and range, over http too', () => {
    const targets = new Targets('hooks.lan, *.corp.example,10.1.0.0/16,192.168.7.7,fd12::/16')
    for (const url of [
      'http://hooks.lan/x',
      'http://a.b.corp.example',
      'http://10.1.255.1:81/',
      'http://192.168.7.7',
      'http://[fd12:3::1]/',
      'https://x.org/',
    ])
      assert.ok(targets.read(url), url)
    for (const url of [
      'http://corp.example',
      'http://hooks.lan.org',
      'https://10.2.0.1',
      'http://192.168.7.8',
      'https://[fd13::1]/',
      'https://127.0.0.1',
    ])
      assert.throws(() => targets.read(url), RefusedTarget, url)
    assert.ok(new Targets('*').read('http://127.0.0.1:1/'))
  })

  it('are opened for the addresses of names that are allowed, and for ranges whatever the name', async () => {
    const to = async (allowed: string, host: string, address: string) => {
      const targets = new Targets(allowed, toward(address))
      return targets.requireNow(targets.read(`https://${host}`))
    }
    await to('hooks.lan', 'hooks.lan', '10.0.0.1')
    await to('10.0.0.0/8', 'any.example', '10.0.0.1')
    await to('10.0.0.0/8', 'any.example', '::ffff:10.0.0.1')
    await assert.rejects(to('hooks.lan', 'other.lan', '10.0.0.1'), RefusedTarget)
    await assert.rejects(to('10.0.0.0/8', 'any.example', '127.0.0.1'), RefusedTarget)
  })

  it('are set in words that are checked at the start', () => {
    assert.deepEqual(allowedProblems('a.lan,*.b,10.0.0.0/8, 127.0.0.1,::1,fd00::/8,*'), [])
    for (const wrong of ['10.0.0.0/33', '1.2.3', 'a..b', '*a.lan', 'a.*', '10.0.0.1/'])
      assert.match(allowedProblems(wrong).join(), /WEBHOOK_ALLOW_HOSTS has /, wrong)
    assert.throws(() => readConfig({ WEBHOOK_ALLOW_HOSTS: '10.0.0.0/99' }), /10\.0\.0\.0\/99.*no name, address or range/)
    assert.equal(readConfig({ WEBHOOK_ALLOW_HOSTS: 'hooks.lan,10.0.0.0/8' }).WEBHOOK_ALLOW_HOSTS, 'hooks.lan,10.0.0.0/8')
  })
})

it('what is connected to is what was checked, whatever the name led to before', async (t) => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // A name that is public when it is registered, and leads to this machine when it is called.
  let looks = 0
  const rebinding = new Targets(undefined, async () => (looks++ === 0 ? toward('1.1.1.1')() : toward('127.0.0.1')()))
  const url = rebinding.read(`https://rebinding.example:${port}/x`)
  await rebinding.requireNow(url)
  const options = { signal: AbortSignal.timeout(20_000), headers: {} }
  await assert.rejects(post(url, '{}', { targets: rebinding, ...options }), refused(/rebinding\.example leads to 127\.0\.0\.1/))
  assert.deepEqual([asked, looks], [0, 2])
  // And one that is allowed gets there, by the one address that was looked up.
  const allowed = new Targets('receiver.example', toward('127.0.0.1'))
  const { status } = await post(allowed.read(`http://receiver.example:${port}/x`), '{}', { targets: allowed, ...options })
  assert.deepEqual([status, asked], [204, 1])
})
