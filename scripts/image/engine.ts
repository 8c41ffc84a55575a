/** What the image's test needs of whatever builds and runs containers, and how commands are run for it. */
import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/** The folder that the image is built from. */
export const root = path.resolve(import.meta.dirname, '../..')

export interface ImageFacts {
  /** As the image states it: the number of a user and of a group. */
  user: string
  /** The command that says whether the service lives. */
  healthcheck: string[]
  /** Files of the image unpacked, the base's among them. */
  bytes: number
}

export interface Container {
  /** Where the service answers from this host. */
  url: string
  /** Runs a command in the container, as the image's user. Never rejects. */
  exec(command: readonly string[]): Promise<{ code: number; out: string }>
  /** Sends SIGTERM to process 1. @returns its exit code, null where it had to be killed after `limitMs`. */
  stop(limitMs: number): Promise<number | null>
  /** Command lines of processes of the container that still run. */
  processes(): Promise<string[]>
  /** What the service said. */
  log(): Promise<string>
}

export interface Engine {
  name: string
  build(): Promise<ImageFacts>
  start(): Promise<Container>
  /** Removes container, image and whatever else there was made. */
  remove(): Promise<void>
}

/** A command's output, trimmed. @throws Error where it fails. */
export async function capture(command: string, args: readonly string[], timeout = 120_000): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { timeout, maxBuffer: 2 ** 26 })
  return stdout.trim()
}

/** Whether a command can be run here and ends with 0. */
export const works = (command: string, args: readonly string[], timeout?: number): Promise<boolean> =>
  capture(command, args, timeout).then(
    () => true,
    () => false,
  )

/** Runs a command whose output the user sees. A signal to this process ends it as well. @throws Error where it fails. */
export async function show(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })
  const end = () => child.kill()
  process.on('SIGTERM', end)
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) =>
        code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} ended with ${signal ?? code}`)),
      )
    })
  } finally {
    process.off('SIGTERM', end)
  }
}

/**
 * This host's npm settings and certificate authorities as build secrets, which no layer keeps.
 * @param scratch a folder of the caller's, for the settings that do not stand in a file of the user's.
 */
export async function hostSecrets(scratch: string): Promise<string[]> {
  const npm = async (key: string) => capture('npm', ['config', 'get', key]).catch(() => '')
  const [userconfig, registry, cafile] = await Promise.all([npm('userconfig'), npm('registry'), npm('cafile')])
  const npmrc = path.join(scratch, 'npmrc')
  const own = existsSync(userconfig) ? readFileSync(userconfig, 'utf8') : ''
  writeFileSync(npmrc, `${own}\n${registry ? `registry=${registry}\n` : ''}`, { mode: 0o600 })
  const authorities = [cafile, process.env.NODE_EXTRA_CA_CERTS ?? ''].find((file) => existsSync(file))
  return ['--secret', `id=npmrc,src=${npmrc}`, ...(authorities ? ['--secret', `id=ca,src=${authorities}`] : [])]
}
