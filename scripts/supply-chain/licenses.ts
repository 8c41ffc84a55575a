/**
 * `npm run licenses [-- --json]`: the license of every package of package-lock.json. Ends with 1 where one is not known to be
 * permissive and no exception with a reason stands in `exceptions.json`, or that one has run out.
 */
import { readFileSync } from 'node:fs'
import { exceptions, type LicenseException, today } from './exceptions.ts'

/** SPDX names of licenses that ask for their notice to be kept, and nothing else of whoever ships the package. */
const permissive = new Set('0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause BlueOak-1.0.0 CC0-1.0 ISC MIT Python-2.0 Unlicense Zlib'.split(' '))

export interface Package {
  name: string
  version: string
  license: string | null
  /** Not installed where only what runs is. */
  dev: boolean
}

/** The packages that a lock file installs. @param lock as npm writes it, version 3. */
export function packagesOf(lock: {
  packages: Record<string, { version?: string; license?: string; dev?: boolean; link?: boolean }>
}): Package[] {
  return Object.entries(lock.packages).flatMap(([path, { version = '', license = null, dev = false, link }]) =>
    !path.includes('node_modules/') || link ? [] : [{ name: path.split('node_modules/').at(-1)!, version, license, dev }],
  )
}

/** Whether an SPDX expression without nested parentheses allows use under permissive licenses alone. */
export function isPermissive(expression: string): boolean {
  const bare = expression.trim().replace(/^\((.*)\)$/, '$1')
  return bare.split(' OR ').some((choice) => choice.split(' AND ').every((name) => permissive.has(name)))
}

/** What is wrong with the licenses, in words. @param today ISO date. */
export function licenseProblems(packages: readonly Package[], exceptions: readonly LicenseException[], today: string): string[] {
  const problems: string[] = []
  for (const { name, version, license } of packages) {
    if (license !== null && isPermissive(license)) continue
    const exception = exceptions.find((each) => (name === each.package || name.startsWith(`${each.package}-`)) && each.license === license)
    if (!exception) problems.push(`${name} ${version}: ${license ?? 'no license stated'}, which is not known to be permissive`)
    else if (exception.until <= today)
      problems.push(`${name} ${version}: ${license}, excepted until ${exception.until}: think it over again`)
  }
  for (const { package: name, license } of exceptions)
    if (!packages.some((each) => each.name === name && each.license === license))
      problems.push(`exceptions.json excepts ${name} (${license}), which is not installed`)
  return problems
}

export const installed = (): Package[] => packagesOf(JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')))

if (import.meta.main) {
  const packages = installed()
  const problems = licenseProblems(packages, exceptions.licenses, today())
  if (process.argv.includes('--json')) console.log(JSON.stringify(packages, null, 2))
  else {
    const counts = [...Map.groupBy(packages, ({ license }) => license ?? 'none stated')].sort(([, a], [, b]) => b.length - a.length)
    for (const [license, list] of counts) {
      const names = [...new Set(list.map(({ name }) => name))]
      console.log(`${String(list.length).padStart(5)}  ${license}${names.length <= 8 ? `: ${names.join(', ')}` : ''}`)
    }
    console.log(`${packages.length} packages, ${packages.filter(({ dev }) => !dev).length} of them to run the service`)
  }
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}
