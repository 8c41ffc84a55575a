/** The container files against what they speak of: configuration, folders, each other. The image itself: npm run test:image. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { ConfigSchema, readConfig } from '../src/api/config.ts'

const root = resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8')
const known = Object.keys(ConfigSchema.properties)

/** Instructions with their arguments, continued lines joined. */
const dockerfile = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter(Boolean)
  .map((line) => ({ instruction: line.split(' ')[0]!, text: line.slice(line.indexOf(' ') + 1).trim() }))
const stages = dockerfile.flatMap(({ instruction, text }) => (instruction === 'FROM' ? [text.split(' AS ')] : []))
const imageEnv: Record<string, string> = Object.fromEntries(
  dockerfile.flatMap(({ instruction, text }) => (instruction === 'ENV' ? text.split(/\s+/).map((pair) => pair.split('=')) : [])),
)

describe('Dockerfile', () => {
  test('every variable it sets is one of the configuration, or of the system and the NVIDIA runtime', () => {
    const others = ['PATH', 'NVIDIA_VISIBLE_DEVICES', 'NVIDIA_DRIVER_CAPABILITIES']
    for (const name of Object.keys(imageEnv)) assert.ok(known.includes(name) || others.includes(name), name)
    const { HOST, PORT, DATA_DIR } = readConfig(imageEnv)
    assert.deepEqual(
      { HOST, PORT: String(PORT), DATA_DIR },
      {
        HOST: '0.0.0.0',
        PORT: dockerfile.find(({ instruction }) => instruction === 'EXPOSE')!.text,
        DATA_DIR: dockerfile.find(({ instruction }) => instruction === 'VOLUME')!.text,
      },
    )
  })

  test('what it copies from the working copy is there, and is all that .dockerignore lets in', () => {
    const copied = dockerfile.flatMap(({ instruction, text }) =>
      instruction === 'COPY' && !text.startsWith('--from') ? text.split(/\s+/).slice(0, -1) : [],
    )
    const [first, ...rest] = read('.dockerignore')
      .replace(/^#.*\n/gm, '')
      .trim()
      .split('\n')
    assert.equal(first, '*')
    const within = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`)
    const letIn = rest.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
    const keptOut = rest.filter((line) => !line.startsWith('!'))
    for (const path of copied)
      assert.ok(
        letIn.some((each) => within(each, path)),
        `.dockerignore keeps ${path} out`,
      )
    for (const path of letIn) assert.ok(copied.includes(path), `nothing copies ${path}`)
    // What a build or an install makes in a folder that is let in.
    for (const path of keptOut) assert.ok(letIn.some((each) => within(each, path)) && /(dist|node_modules)$/.test(path), path)
    for (const path of copied) assert.ok(existsSync(resolve(root, path)), `Dockerfile copies ${path}`)
  })

  test('the base is named once, and no stage is left as root', () => {
    assert.equal(dockerfile.filter(({ text }) => text.includes('debian:')).length, 1)
    for (const [base] of stages) assert.ok(/^\$\{BASE\}$/.test(base!) || stages.some(([, name]) => name === base), base)
    assert.match(dockerfile.findLast(({ instruction }) => instruction === 'USER')!.text, /^[1-9]\d*:[1-9]\d*$/)
  })
})

describe('docker/compose.yml', () => {
  const compose = parse(read('docker/compose.yml'), { merge: true })
  const services = Object.entries<any>(compose.services)
  const ours = services.filter(([, service]) => service.build)
  /** As Compose fills in `${NAME:-default}` where nothing is set. */
  const filled = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1')
  const envOf = (service: any): Record<string, string> =>
    Object.fromEntries(Object.entries<any>(service.environment).map(([name, value]) => [name, filled(String(value))]))

  test('our services get variables of the configuration alone, with values that it accepts', () => {
    assert.deepEqual(ours.map(([name]) => name).sort(), ['api', 'gpu-worker', 'worker'])
    for (const [name, service] of ours) {
      const env = envOf(service)
      for (const variable of Object.keys(env)) assert.ok(known.includes(variable), `${name} sets ${variable}, which is no setting`)
      assert.equal(readConfig({ ...imageEnv, ...env }).ROLE, name === 'api' ? 'api' : 'worker')
    }
  })

  test('every setting is given, or passed on from the environment of docker compose', () => {
    // What the image sets, or fills.
    const ofTheImage = ['HOST', 'PORT', 'DATA_DIR', 'TENSORFLOW_DIR', 'CUDA_DIR']
    for (const [name, { environment }] of ours)
      for (const setting of known.filter((each) => !ofTheImage.includes(each))) {
        assert.ok(setting in environment, `${name} cannot be given ${setting}`)
        if (['DATABASE_URL', 'ROLE'].includes(setting)) continue
        assert.match(String(environment[setting]), new RegExp(`^\\$\\{${setting}:-[^}]*\\}$`), `${name} passes ${setting} on`)
      }
  })

  test('the address of the database is that of the Postgres beside it, of a version we support', () => {
    const { environment, image } = compose.services.postgres
    const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database } = environment
    const address = `postgres://${user}:${filled(password)}@postgres:5432/${database}`
    for (const [, service] of ours) assert.equal(envOf(service).DATABASE_URL, address)
    assert.ok(Number(/^postgres:(\d+)$/.exec(image)?.[1]) >= 15, image)
  })

  test('without a profile no service asks for a GPU; with `gpu` one does, built with CUDA', () => {
    const wantsGpu = ([, service]: [string, any]) =>
      service.deploy?.resources?.reservations?.devices?.some((each: any) => each.driver === 'nvidia')
    for (const service of services) assert.equal(Boolean(wantsGpu(service)), service[1].profiles?.includes('gpu') ?? false, service[0])
    for (const [name, { build, image }] of ours) {
      assert.equal(build.target, name === 'gpu-worker' ? 'cuda' : 'cpu')
      assert.equal(image, `archmeter:${build.target}`)
      assert.ok(stages.some(([, stage]) => stage === build.target))
      assert.ok(existsSync(resolve(root, 'docker', build.context, 'Dockerfile')))
    }
  })

  test('ports are open to this host alone, and lead to where the services listen', () => {
    for (const [name, { ports = [] }] of services) for (const port of ports.map(filled)) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name)
    assert.equal(filled(compose.services.api.ports[0]).split(':').at(-1), imageEnv.PORT)
  })

  test('a clean stop fits in the time that Compose gives it', () => {
    for (const [name, service] of ours)
      assert.ok(Number.parseInt(service.stop_grace_period, 10) * 1000 > readConfig(envOf(service)).SHUTDOWN_MS, name)
  })

  test('every file that is mounted is there, every volume declared', () => {
    for (const [name, { volumes = [] }] of services)
      for (const source of volumes.map((volume: string) => filled(volume).split(':')[0]!))
        if (source.startsWith('.')) assert.ok(existsSync(resolve(root, 'docker', source)), `${name} mounts ${source}`)
        else if (!source.startsWith('/')) assert.ok(source in compose.volumes, `${name} uses the volume ${source}`)
  })

  test('Prometheus scrapes each of our services, where it listens', () => {
    const { scrape_configs: jobs } = parse(read('docker/prometheus.yml'))
    const [{ names, port }] = jobs[0].dns_sd_configs
    assert.deepEqual([...names].sort(), ours.map(([name]) => name).sort())
    assert.equal(String(port), imageEnv.PORT)
    assert.ok(compose.services.prometheus.volumes.includes('./prometheus.yml:/etc/prometheus/prometheus.yml:ro'))
  })

  test('Prometheus reads rules that are mounted beside its configuration', () => {
    for (const file of parse(read('docker/prometheus.yml')).rule_files) {
      assert.ok(compose.services.prometheus.volumes.includes(`./${file}:/etc/prometheus/${file}:ro`), file)
      assert.ok(parse(read(`docker/${file}`)).groups[0].rules.length > 0)
    }
  })
})

describe('deploy/kubernetes.yaml', () => {
  const objects = parseAllDocuments(read('deploy/kubernetes.yaml')).map((document) => document.toJS())
  const named = (kind: string, name: string) => objects.find((each) => each.kind === kind && each.metadata.name === name)
  const pods = objects.filter(({ kind }) => ['Deployment', 'DaemonSet'].includes(kind)).map(({ spec }) => spec)
  const { data: shared } = named('ConfigMap', 'archmeter')

  test('its pods get settings alone, with values that the configuration accepts', () => {
    assert.deepEqual(
      pods.map(({ template }) => {
        const [{ env, envFrom }] = template.spec.containers
        assert.deepEqual(envFrom, [{ configMapRef: { name: 'archmeter' } }, { secretRef: { name: 'archmeter' } }])
        const own = Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value]))
        for (const name of Object.keys({ ...shared, ...own })) assert.ok(known.includes(name), name)
        return readConfig({ ...imageEnv, ...shared, ...own }).ROLE
      }),
      ['api', 'worker'],
    )
  })

  test('they run the image as its user, ask for health where it answers, and have time to stop', () => {
    const user = Number(dockerfile.findLast(({ instruction }) => instruction === 'USER')!.text.split(':')[0])
    for (const { selector, template } of pods) {
      const { containers, volumes, securityContext, terminationGracePeriodSeconds: seconds } = template.spec
      const [{ image, ports, startupProbe, livenessProbe, readinessProbe, volumeMounts }] = containers
      for (const [label, value] of Object.entries(selector.matchLabels)) assert.equal(template.metadata.labels[label], value)
      assert.ok(
        stages.some(([, stage]) => image === `archmeter:${stage}`),
        image,
      )
      assert.deepEqual(ports, [{ name: 'http', containerPort: Number(imageEnv.PORT) }])
      for (const probe of [startupProbe, livenessProbe]) assert.deepEqual(probe.httpGet, { path: '/healthz', port: 'http' })
      assert.deepEqual(readinessProbe.httpGet, { path: '/readyz', port: 'http' })
      assert.ok(seconds * 1000 > readConfig({ ...imageEnv, ...shared }).SHUTDOWN_MS)
      assert.equal(securityContext.runAsUser, user)
      for (const { name } of volumeMounts)
        assert.ok(
          volumes.some((volume: { name: string }) => volume.name === name),
          name,
        )
      assert.ok(volumeMounts.some(({ mountPath }: { mountPath: string }) => mountPath === imageEnv.DATA_DIR))
    }
  })

  test('the Service leads to the API, and the Ingress to the Service by a name that is allowed', () => {
    const { spec } = named('Service', 'archmeter')
    assert.deepEqual(spec.selector, pods[0].selector.matchLabels)
    const [{ host, http }] = named('Ingress', 'archmeter').spec.rules
    assert.ok(shared.ALLOWED_HOSTS.split(',').includes(host))
    assert.deepEqual(http.paths[0].backend.service, { name: 'archmeter', port: { name: spec.ports[0].name } })
  })
})
