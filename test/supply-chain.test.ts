/** Licenses and advisories of what is installed, and that SECURITY.md's table names tests that are there. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { advisoriesOf, auditProblems } from '../scripts/supply-chain/audit.ts'
import { exceptions, today } from '../scripts/supply-chain/exceptions.ts'
import { installed, isPermissive, licenseProblems, packagesOf } from '../scripts/supply-chain/licenses.ts'
import { missing, withLocked, withoutDevelopment } from '../scripts/supply-chain/sbom.ts'

const read = (file: string): string => readFileSync(resolve(import.meta.dirname, '..', file), 'utf8')

test('every package installed has a permissive license, or an exception with a reason that has not run out', () => {
  const packages = installed()
  assert.ok(packages.length > 500)
  assert.deepEqual(licenseProblems(packages, exceptions.licenses, today()), [])
  for (const { why, until } of [...exceptions.licenses, ...exceptions.advisories]) {
    assert.ok(why.length > 20)
    assert.match(until, /^\d{4}-\d\d-\d\d$/)
  }
})

test('a license that is unknown, copyleft or missing is refused, and so is an exception that ran out or has no package', () => {
  for (const license of ['MIT', '(MIT OR GPL-3.0-only)', 'Apache-2.0 AND MIT', '(MIT AND Zlib)']) assert.ok(isPermissive(license), license)
  for (const license of [
    'GPL-3.0-only',
    'MIT AND GPL-3.0-only',
    'SEE LICENSE IN LICENSE',
    'UNLICENSED',
    '(MIT OR (GPL-2.0 AND X)) AND Y',
    '',
  ])
    assert.ok(!isPermissive(license), license)
  const packages = packagesOf({
    packages: {
      '': { version: '1.0.0' },
      web: { version: '1.0.0' },
      'node_modules/web': { link: true },
      'node_modules/a': { version: '1.0.0', license: 'AGPL-3.0-only' },
      'node_modules/a/node_modules/@b/c': { version: '2.0.0' },
      'node_modules/d': { version: '3.0.0', license: 'MIT' },
    },
  })
  assert.deepEqual(
    packages.map(({ name }) => name),
    ['a', '@b/c', 'd'],
  )
  const problems = licenseProblems(packages, [{ package: 'gone', license: 'MPL-2.0', why: '', until: '2999-01-01' }], '2026-11-28')
  assert.equal(problems.length, 3)
  assert.match(problems.join('\n'), /a 1\.0\.0: AGPL-3\.0-only.*@b\/c 2\.0\.0: no license stated.*gone/s)
  const excepted = (until: string) => [{ package: 'a', license: 'AGPL-3.0-only', why: '', until }]
  assert.equal(licenseProblems(packages, excepted('2026-11-29'), '2026-11-28').length, 1)
  assert.equal(licenseProblems(packages, excepted('2026-11-28'), '2026-11-28').length, 2)
})

test('an advisory without an exception fails the audit, one of low severity does not, and a stale exception is named', () => {
  // A report of `npm audit --json` as docs.npmjs.com describes version 2: `via` holds advisories, or names of packages they come by.
  const report = {
    auditReportVersion: 2,
    vulnerabilities: {
      minimist: {
        via: [
          {
            ...{ url: 'https://github.com/advisories/GHSA-xvch-5gv4-984h', name: 'minimist', severity: 'critical' },
            ...{ title: 'Prototype Pollution in minimist', range: '<0.2.4' },
          },
        ],
      },
      mkdirp: { via: ['minimist'] },
      brace: {
        via: [{ url: 'https://github.com/advisories/GHSA-v6h2-p8h4-qcjw', name: 'brace', severity: 'low', title: 'slow', range: '<2' }],
      },
    },
  }
  const advisories = advisoriesOf(report)!
  assert.deepEqual(
    advisories.map(({ id }) => id),
    ['GHSA-xvch-5gv4-984h', 'GHSA-v6h2-p8h4-qcjw'],
  )
  assert.match(auditProblems(advisories, [], '2026-11-28').join(), /^minimist <0\.2\.4: Prototype Pollution in minimist \(critical/)
  const excepted = (until: string, name = 'minimist') => [{ id: 'GHSA-xvch-5gv4-984h', package: name, why: '', until }]
  assert.deepEqual(auditProblems(advisories, excepted('2027-01-01'), '2026-11-28'), [])
  assert.match(auditProblems(advisories, excepted('2026-11-28'), '2026-11-28').join(), /think it over/)
  assert.match(auditProblems([], excepted('2027-01-01'), '2026-11-28').join(), /does not apply/)
  assert.equal(advisoriesOf({ message: 'request to the registry failed' } as object), null)
})

test('the bill of materials keeps what both the service and development need, and leaves out what development alone does', () => {
  const component = (name: string, version: string, group?: string) => ({
    ...{ 'bom-ref': `${group ? `${group}/` : ''}${name}@${version}`, name, version },
    ...(group ? { group } : {}),
  })
  const bom = {
    bomFormat: 'CycloneDX',
    components: [
      component('a', '1.0.0'),
      component('b', '2.0.0', '@s'),
      component('@s/c', '3.0.0'),
      component('d', '4.0.0'),
      component('web', ''),
    ],
    dependencies: [
      { ref: 'a@1.0.0', dependsOn: ['d@4.0.0', '@s/b@2.0.0'] },
      { ref: 'd@4.0.0', dependsOn: ['@s/c@3.0.0'] },
    ],
  }
  const one = (name: string, version: string, dev: boolean) => ({ name, version, dev, license: 'MIT' })
  const kept = withoutDevelopment(bom, [
    one('a', '1.0.0', false),
    one('@s/b', '2.0.0', true),
    // Installed twice: once for the service.
    one('@s/c', '3.0.0', true),
    one('@s/c', '3.0.0', false),
    one('d', '4.0.0', true),
  ])
  assert.deepEqual(
    kept.components.map((each) => each['bom-ref']),
    ['a@1.0.0', '@s/c@3.0.0', 'web@'],
  )
  assert.deepEqual(kept.dependencies, [{ ref: 'a@1.0.0', dependsOn: [] }])
  assert.deepEqual(missing(kept, { a: '^1', '@s/b': '^2', '@s/c': '^3' }), ['@s/b'])
  // What npm left out is added from the lock file, and nothing twice.
  const whole = withLocked(kept, [one('a', '1.0.0', false), one('@w/e', '5.0.0', false), one('d', '4.0.0', true)])
  assert.deepEqual(whole.components.slice(3), [
    {
      ...{ 'bom-ref': '@w/e@5.0.0', type: 'library', name: '@w/e', version: '5.0.0', purl: 'pkg:npm/%40w/e@5.0.0' },
      licenses: [{ expression: 'MIT' }],
    },
  ])
})

test('each threat of SECURITY.md has a place, a defense and tests that are there, by file and by title', () => {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (threat|-)/.test(line))
    .map((line) => line.slice(2, -2).split(' | '))
  assert.ok(rows.length >= 15)
  for (const cells of rows) {
    const [threat, , , tests = ''] = cells
    assert.equal(cells.length, 4, threat)
    assert.ok(
      cells.every((cell) => cell.trim().length > 2),
      threat,
    )
    const named = [...tests.matchAll(/`((?:test|scripts)\/[\w./-]+)`(?: “([^”]+)”)?/g)]
    assert.ok(named.length > 0, `${threat} names no test`)
    for (const [, file, title] of named) {
      assert.ok(existsSync(resolve(import.meta.dirname, '..', file!)), `${threat} names ${file}`)
      if (title) assert.ok(read(file!).includes(title), `${file} has no test “${title}”`)
    }
  }
})
