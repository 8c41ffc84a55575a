/**
 * The image without a container daemon, by root on Linux: debootstrap makes the base, where no image registry can be
 * reached; buildah builds; util-linux starts the image's command as process 1 of namespaces of its own, as its user, in
 * its files. The network is the host's. Everything lies in one folder, which goes again.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Container, capture, type Engine, hostSecrets, type ImageFacts, root, show, works } from './engine.ts'

const base = 'localhost/archmeter-base'
const image = 'localhost/archmeter-test'
const neededMB = 5000

/** Why there can be none here; null where there can. */
export async function whyNoBuildah(): Promise<string | null> {
  if (process.platform !== 'linux') return `buildah builds on Linux, and this is ${process.platform}`
  if (process.getuid!() !== 0) return 'buildah would serve in place of a daemon, to root alone'
  for (const tool of ['buildah', 'debootstrap'])
    if (!(await works(tool, ['--version'])))
      return `${tool}, which would serve in place of a daemon, is missing: apt-get install buildah debootstrap`
  if (!(await works('unshare', ['--mount', '--pid', '--fork', 'true']))) return 'no namespaces may be made here (unshare --mount --pid)'
  const { bavail, bsize } = statfsSync(os.tmpdir())
  if ((bavail * bsize) / 1e6 < neededMB) return `less than ${neededMB / 1000} GB are free in ${os.tmpdir()}`
  return null
}

interface ImageConfig {
  User: string
  Env: string[]
  Cmd: string[]
  WorkingDir: string
  Healthcheck: { Test: string[] }
}

/** What Debian's image for containers has otherwise than a machine: no manuals, no fsync a file, no translations. */
function slim(folder: string): void {
  const excluded = ['doc', 'info', 'locale', 'man'].map((name) => `/usr/share/${name}`)
  writeFileSync(
    path.join(folder, 'etc/dpkg/dpkg.cfg.d/container'),
    `force-unsafe-io\n${excluded.map((name) => `path-exclude ${name}/*\n`).join('')}`,
  )
  writeFileSync(path.join(folder, 'etc/apt/apt.conf.d/container'), 'Acquire::Languages "none";\n')
  for (const name of [...excluded, '/var/cache/apt/archives', '/var/lib/apt/lists'])
    rmSync(path.join(folder, name), { recursive: true, force: true })
}

export class Buildah implements Engine {
  readonly name = 'buildah and debootstrap'
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'archmeter-image-'))
  #config: ImageConfig | null = null
  #files = ''
  #init: number | null = null

  #args(...args: string[]): string[] {
    const at = (name: string) => path.join(this.#folder, name)
    return ['--root', at('storage'), '--runroot', at('run'), '--storage-driver', 'vfs', ...args]
  }
  #buildah = (...args: string[]): Promise<string> => capture('buildah', this.#args(...args))

  async build(): Promise<ImageFacts> {
    const folder = path.join(this.#folder, 'base')
    console.log('the base, by debootstrap …')
    await show('debootstrap', ['--variant=minbase', 'bookworm', folder])
    slim(folder)
    const empty = await this.#buildah('from', 'scratch')
    await this.#buildah('add', '--quiet', empty, folder, '/')
    await this.#buildah('commit', '--quiet', '--rm', empty, base)
    rmSync(folder, { recursive: true })
    const how = ['--isolation', 'chroot', '--format', 'docker', '--pull=never', '--build-arg', `BASE=${base}`]
    await show('buildah', this.#args('bud', ...how, '--target', 'cpu', '--tag', image, ...(await hostSecrets(this.#folder)), root))
    this.#config = (
      JSON.parse(await this.#buildah('inspect', '--type', 'image', image)) as { Docker: { config: ImageConfig } }
    ).Docker.config
    this.#files = await this.#buildah('mount', await this.#buildah('from', '--pull=never', image))
    const kB = Number((await capture('du', ['-sk', this.#files])).split('\t')[0])
    return { user: this.#config.User, healthcheck: this.#config.Healthcheck.Test.slice(1), bytes: kB * 1024 }
  }

  async start(): Promise<Container> {
    const { User, Env, Cmd, WorkingDir } = this.#config!
    const files = this.#files
    const port = await freePort()
    // On the host's network: not open to others for the time of a test.
    const env = ['env', '-i', `--chdir=${WorkingDir}`, ...Env, `PORT=${port}`, 'HOST=127.0.0.1']
    const inside = ['chroot', `--userspec=${User}`, `--groups=${User.split(':')[1]}`]
    // Each of these becomes the next one by exec, so that node is process 1.
    const script = 'files=$1; shift; mount --rbind /dev "$files/dev" && mount -t proc proc "$files/proc" && exec "$@"'
    const unshare = spawn('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', script, 'sh', files, ...inside, files, ...env, ...Cmd], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [unshare.stdout, unshare.stderr]) stream.on('data', (data) => (said += data))
    const ended = new Promise<number | null>((resolve) => unshare.once('exit', resolve))
    const init = await childOf(unshare.pid!)
    this.#init = init
    void ended.then(() => (this.#init = null))
    const enter = ['--target', `${init}`, '--mount', '--pid', ...inside, files, ...env]
    return {
      url: `http://127.0.0.1:${port}`,
      exec: (command) =>
        capture('nsenter', [...enter, ...command]).then(
          (out) => ({ code: 0, out }),
          (error) => ({ code: typeof error.code === 'number' ? error.code : -1, out: `${error.stderr ?? error.message}` }),
        ),
      stop: async (limitMs) => {
        process.kill(init, 'SIGTERM')
        return Promise.race([ended, sleep(limitMs, null, { ref: false })])
      },
      processes: async () => processesIn(files),
      log: async () => said,
    }
  }

  async remove(): Promise<void> {
    // Its end is the end of every process in its namespace. (unshare's --kill-child does not outlast the change of user.)
    if (this.#init !== null) process.kill(this.#init, 'SIGKILL')
    for (let i = 0; i < 100 && this.#files && processesIn(this.#files).length > 0; i++) await sleep(50)
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** The one child of a process, waited for. */
async function childOf(pid: number): Promise<number> {
  for (let i = 0; i < 200; i++) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    if (child) return Number(child)
    await sleep(25)
  }
  throw new Error('unshare started no process')
}

/** Command lines of the processes whose root these files are. */
function processesIn(files: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/root`) === files
          ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()]
          : []
      } catch {
        return []
      }
    })
}
