import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Container, capture, type Engine, hostSecrets, type ImageFacts, root, show, works } from './engine.ts'

/** Docker or Podman, where one answers; null where none does. */
export async function findDocker(): Promise<Engine | null> {
  for (const cli of ['docker', 'podman']) if (await works(cli, ['info'], 20_000)) return new Docker(cli)
  return null
}

class Docker implements Engine {
  readonly name: string
  readonly #image = `archmeter-test:${process.pid}`
  readonly #container = `archmeter-test-${process.pid}`

  constructor(cli: string) {
    this.name = cli
  }

  async build(): Promise<ImageFacts> {
    const scratch = mkdtempSync(path.join(os.tmpdir(), 'archmeter-image-'))
    try {
      // Podman's own format knows no HEALTHCHECK.
      const format = this.name === 'podman' ? ['--format', 'docker'] : []
      const secrets = await hostSecrets(scratch)
      await show(this.name, ['build', ...format, '--target', 'cpu', '--tag', this.#image, ...secrets, root], { DOCKER_BUILDKIT: '1' })
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
    const [image] = JSON.parse(await capture(this.name, ['image', 'inspect', this.#image])) as any[]
    const { Test: test } = image.Config.Healthcheck ?? image.Healthcheck
    return { user: image.Config.User, healthcheck: test.slice(1), bytes: image.Size }
  }

  async start(): Promise<Container> {
    const cli = (...args: string[]) => capture(this.name, args)
    const name = this.#container
    await cli('run', '--detach', '--name', name, '--publish', '127.0.0.1::3000', '--env', 'ALLOW_ANONYMOUS=1', this.#image)
    const address = (await cli('port', name, '3000/tcp')).split('\n')[0]
    return {
      url: `http://${address}`,
      exec: (command) =>
        cli('exec', name, ...command).then(
          (out) => ({ code: 0, out }),
          (error) => ({ code: typeof error.code === 'number' ? error.code : -1, out: `${error.stderr ?? error.message}` }),
        ),
      stop: async (limitMs) => {
        await cli('kill', '--signal', 'TERM', name)
        return capture(this.name, ['wait', name], limitMs).then(Number, () => null)
      },
      processes: () =>
        cli('top', name).then(
          (table) => table.split('\n').slice(1),
          () => [],
        ),
      log: () => capture('sh', ['-c', '"$0" logs "$1" 2>&1', this.name, name]),
    }
  }

  async remove(): Promise<void> {
    await works(this.name, ['rm', '--force', '--volumes', this.#container])
    await works(this.name, ['image', 'rm', '--force', this.#image])
  }
}
