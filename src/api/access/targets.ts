/**
 * Where this service may send requests that somebody asks it to send: to public addresses alone, unless its operator allows others. Whoever
 * could have it call its own network would reach what its firewall keeps from them.
 */
import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The addresses of a name. */
export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>

/** Addresses under which providers offer what is of the host alone, although they are in a public range: Azure's. */
const hostOnly = new Set(['168.63.129.16'])
/** Of IPv6 what is assigned to be reached by everybody (IANA): all else is no public address, whatever it may become. */
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** An address as it is compared: one of IPv4 that is written as IPv6 is the one of IPv4. Null for what is no address. */
function readAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null
}

/** Why an address is no public one, as the name of its range; null for a public one. */
export function rangeOf(text: string): string | null {
  const address = readAddress(text)
  if (!address) return 'not an address'
  const range = address.range()
  if (range !== 'unicast') return range
  if (address.kind() === 'ipv6' && !address.match(globalUnicast)) return 'reserved'
  return hostOnly.has(address.toString()) ? 'metadata' : null
}

/** An address or a range of an operator's; of IPv4 with all four numbers. */
const readRange = (text: string): Range | null => {
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  const address = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? readAddress(text) : null
  return address && [address, address.kind() === 'ipv4' ? 32 : 128]
}
const isName = (text: string): boolean => /^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(text) && !/^[\d.]+$/.test(text)
const entriesOf = (allowed: string | undefined): string[] => (allowed ?? '').split(/, ?/).filter(Boolean)

/** What is wrong with a value of WEBHOOK_ALLOW_HOSTS: a sentence for each entry. */
export const allowedProblems = (allowed: string | undefined): string[] =>
  entriesOf(allowed)
    .filter((entry) => entry !== '*' && readRange(entry) === null && !isName(entry))
    .map(
      (entry) => `WEBHOOK_ALLOW_HOSTS has ${entry}, which is no name, address or range, such as hooks.lan, *.lan, 10.1.2.3 or 10.1.0.0/16`,
    )

/** Why a request is not sent: a sentence about its address. */
export class RefusedTarget extends Error {
  override readonly name = 'RefusedTarget'
}

const bareName = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, '')

export class Targets {
  readonly #everywhere: boolean
  readonly #names: readonly string[]
  readonly #ranges: readonly Range[]
  readonly #resolve: Resolve

  /** @param allowed as WEBHOOK_ALLOW_HOSTS has it. @param resolve the system's resolver; another one in tests. */
  constructor(allowed: string | undefined, resolve: Resolve = (hostname) => systemLookup(hostname, { all: true })) {
    const entries = entriesOf(allowed)
    this.#everywhere = entries.includes('*')
    this.#ranges = entries.flatMap((entry) => {
      const range = readRange(entry)
      return range ? [range] : []
    })
    this.#names = entries.filter((entry) => entry !== '*' && readRange(entry) === null).map(bareName)
    this.#resolve = resolve
  }

  /**
   * Reads an address that a request is to go to. What its name leads to is checked when it is called.
   * @throws RefusedTarget
   */
  read(text: string): URL {
    if (!URL.canParse(text)) throw new RefusedTarget('it is no URL: write it as https://host/path')
    const url = new URL(text)
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new RefusedTarget(`it must be of https, not ${url.protocol.slice(0, -1)}`)
    if (url.username || url.password) throw new RefusedTarget('it must hold no user and password: deliveries are signed')
    if (url.hash) throw new RefusedTarget('it must have no fragment (#), which no request carries')
    if (readAddress(url.hostname)) this.#require(url.hostname, url.hostname)
    if (url.protocol === 'http:' && !this.#isAllowedHost(url.hostname))
      throw new RefusedTarget(
        `plain http is taken for hosts alone that WEBHOOK_ALLOW_HOSTS names: use https, or have ${url.hostname} added there`,
      )
    return url
  }

  /** Looks up where a URL leads, as far as its name is known now. @throws RefusedTarget where that is not allowed */
  async requireNow(url: URL): Promise<void> {
    if (readAddress(url.hostname)) return
    const found = await this.#resolve(url.hostname).catch(() => [])
    for (const { address } of found) this.#require(url.hostname, address)
  }

  /** For sockets: gives the addresses of a name to whoever connects, and none where one of them is not allowed. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname).then(
      (found) => {
        try {
          for (const { address } of found) this.#require(hostname, address)
          const fitting = found.filter(({ family }) => !options.family || options.family === family || options.family === `IPv${family}`)
          const [first] = fitting
          if (!first) throw new RefusedTarget(`${hostname} has no address`)
          if (options.all) callback(null, fitting)
          else callback(null, first.address, first.family)
        } catch (error) {
          callback(error as Error, '')
        }
      },
      (error) => callback(error, ''),
    )
  }

  #require(hostname: string, address: string): void {
    const range = rangeOf(address)
    if (range === null || this.#everywhere || this.#isNamed(hostname) || this.#inRange(address)) return
    const where = bareName(hostname) === bareName(address) ? `${address} is` : `${hostname} leads to ${address}, which is`
    throw new RefusedTarget(`${where} no public address (${range}): have it added to WEBHOOK_ALLOW_HOSTS where it is meant`)
  }

  #isAllowedHost(hostname: string): boolean {
    return this.#everywhere || this.#isNamed(hostname) || this.#inRange(hostname)
  }

  #isNamed(hostname: string): boolean {
    const name = bareName(hostname)
    return this.#names.some((each) => (each.startsWith('*.') ? name.endsWith(each.slice(1)) : name === each))
  }

  #inRange(text: string): boolean {
    const address = readAddress(text)
    return address !== null && this.#ranges.some(([base, bits]) => base.kind() === address.kind() && address.match([base, bits] as never))
  }
}
