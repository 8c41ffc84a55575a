/** The command as a user starts it, bundle and all. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

export const bin = resolve(import.meta.dirname, '../../bin/archmeter.js')

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** Runs `archmeter` with arguments. @param given what comes on standard input. */
export function archmeter(
  args: string[],
  { given = '', env = {}, cwd }: { given?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...env }, cwd, stdio: 'pipe' })
    const texts = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (texts.err += text))
    child.on('error', failed)
    child.on('close', (code) => done({ code, ...texts }))
    child.stdin.on('error', () => {})
    child.stdin.end(given)
  })
}
