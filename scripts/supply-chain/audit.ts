/**
 * `npm run audit`: what the registry knows against the packages that run the service (`npm audit --omit=dev`). Ends with 1
 * where an advisory of severity moderate or above has no exception with a reason in `exceptions.json`, or that one has run out;
 * with 77 and `skipped: why` where the registry answers no audits.
 */
import { spawnSync } from 'node:child_process'
import { type AdvisoryException, exceptions, today } from './exceptions.ts'

/** An advisory as a report of npm (auditReportVersion 2) has it. */
export interface Advisory {
  id: string
  package: string
  severity: string
  title: string
  range: string
}
interface Report {
  auditReportVersion?: number
  vulnerabilities?: Record<string, { via: (string | { url: string; name: string; severity: string; title: string; range: string })[] }>
}

/** Each advisory once; null where this is no report. */
export function advisoriesOf(report: Report): Advisory[] | null {
  if (report.auditReportVersion !== 2 || !report.vulnerabilities) return null
  const all = Object.values(report.vulnerabilities).flatMap(({ via }) => via.filter((each) => typeof each !== 'string'))
  const advisories = all.map(({ url, name, severity, title, range }) => ({
    ...{ id: url.split('/').at(-1)!, package: name, severity, title, range },
  }))
  return [...new Map(advisories.map((each) => [`${each.id} ${each.package}`, each])).values()]
}

/** What must be mended, in words. @param today ISO date. */
export function auditProblems(advisories: readonly Advisory[], excepted: readonly AdvisoryException[], today: string): string[] {
  const problems: string[] = []
  for (const { id, package: name, severity, title, range } of advisories) {
    if (severity === 'low' || severity === 'info') continue
    const exception = excepted.find((each) => each.id === id && each.package === name)
    if (!exception) problems.push(`${name} ${range}: ${title} (${severity}, ${id})`)
    else if (exception.until <= today) problems.push(`${name}: ${id} is excepted until ${exception.until}: think it over again`)
  }
  for (const { id, package: name } of excepted)
    if (!advisories.some((each) => each.id === id && each.package === name))
      problems.push(`exceptions.json excepts ${id} of ${name}, which does not apply any more: take it out`)
  return problems
}

if (import.meta.main) {
  const { stdout, stderr, error } = spawnSync('npm', ['audit', '--json', '--omit=dev'], { encoding: 'utf8', timeout: 120_000 })
  let advisories: Advisory[] | null = null
  try {
    advisories = advisoriesOf(JSON.parse(stdout))
  } catch {}
  if (advisories === null) {
    const why =
      error?.message ?? (/"(?:summary|message)": "([^"]{1,300})"/.exec(stdout)?.[1] || stderr.trim().split('\n')[0] || 'no report came')
    console.log(`skipped: the registry answers no audits (${why})`)
    process.exit(77)
  }
  const problems = auditProblems(advisories, exceptions.advisories, today())
  for (const problem of problems) console.log(problem)
  console.log(`${advisories.length} advisories, ${exceptions.advisories.length} excepted, ${problems.length} to be mended`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
