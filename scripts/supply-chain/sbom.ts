/**
 * `npm run sbom --silent > archmeter.cdx.json`: what the service depends on, as CycloneDX, for a scanner. npm writes it from what is
 * installed, and what package-lock.json marks as for development alone is taken out here: `npm sbom --omit=dev` also leaves out
 * whatever runs the service *and* is needed for development (npm 11.19: tar-stream, which a test's Chromium needs as well). npm refuses
 * the whole list for an optional peer of the dashboard's workspace that is of another version, so that is left to itself, and
 * its packages are added from the lock file. Ends with 1 where npm cannot, or where a dependency of package.json is not in it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { installed, type Package } from './licenses.ts'

/** What is read of a list in CycloneDX 1.5. */
export interface Bom {
  bomFormat?: string
  components: { 'bom-ref': string; name: string; group?: string; version: string }[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

type Component = Bom['components'][number]

/** A scope is a group in some versions of npm, and part of the name in others. */
const nameOf = ({ group, name }: Component): string => (group && !name.startsWith('@') ? `${group}/${name}` : name)

/** The list without packages that the lock file has for development alone. */
export function withoutDevelopment<T extends Bom>(bom: T, packages: readonly Package[]): T {
  const running = new Set(packages.filter(({ dev }) => !dev).map(({ name, version }) => `${name}@${version}`))
  const known = new Set(packages.map(({ name, version }) => `${name}@${version}`))
  // A workspace of this repository is in no registry, and not among the packages: it stays.
  const stays = (component: Component) => {
    const id = `${nameOf(component)}@${component.version}`
    return running.has(id) || !known.has(id)
  }
  const gone = new Set(bom.components.filter((each) => !stays(each)).map((each) => each['bom-ref']))
  return {
    ...bom,
    components: bom.components.filter((each) => !gone.has(each['bom-ref'])),
    dependencies: bom.dependencies
      .filter(({ ref }) => !gone.has(ref))
      .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((ref) => !gone.has(ref)) })),
  }
}

/** The list with those packages of the lock file that it lacks and that are installed to run. */
export function withLocked<T extends Bom>(bom: T, packages: readonly Package[]): T {
  const listed = new Set(bom.components.map((each) => `${nameOf(each)}@${each.version}`))
  const lacking = packages.filter(({ name, version, dev }) => !dev && !listed.has(`${name}@${version}`))
  const added = new Map(
    lacking.map(({ name, version, license }) => [
      `${name}@${version}`,
      {
        ...{ 'bom-ref': `${name}@${version}`, type: 'library', name, version, purl: `pkg:npm/${name.replace('@', '%40')}@${version}` },
        ...(license ? { licenses: [{ expression: license }] } : {}),
      },
    ]),
  )
  return { ...bom, components: [...bom.components, ...added.values()] }
}

/** Names of direct dependencies that a list lacks. */
export function missing({ components }: Bom, dependencies: Readonly<Record<string, string>>): string[] {
  const listed = new Set(components.map(nameOf))
  return Object.keys(dependencies).filter((name) => !listed.has(name))
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '../..')
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  const { stdout, stderr, status } = spawnSync('npm', ['sbom', '--sbom-format=cyclonedx', '--workspaces=false'], options)
  if (status !== 0) {
    console.error(stderr.trim() || `npm sbom ended with ${status}`)
    process.exit(1)
  }
  const bom = withLocked(withoutDevelopment(JSON.parse(stdout) as Bom, installed()), installed())
  const { dependencies } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  const absent = missing(bom, dependencies)
  console.log(JSON.stringify(bom, null, 2))
  console.error(`${bom.bomFormat}, ${bom.components.length} packages`)
  for (const name of absent) console.error(`${name} is a dependency of package.json, and not in the list: run npm ci`)
  process.exitCode = bom.bomFormat === 'CycloneDX' && absent.length === 0 ? 0 : 1
}
