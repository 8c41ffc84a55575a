/** Wheels of PyPI by pip, so that its mirrors, proxies and certificates are those the user set up. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/** The CPython that the wheels are for; none of it runs, since only libraries and headers are taken out of them. */
const target = ['--python-version', '3.12', '--implementation', 'cp']
const platforms = ['manylinux_2_28_x86_64', 'manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'any']

/** Takes the members whose path matches out of a wheel, each to its place and with its mode: wheel, pattern, folder. */
const extract = `
import os, re, sys, zipfile
wheel, pattern, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if re.search(pattern, member.filename) and not member.is_dir():
            made = archive.extract(member, folder)
            mode = member.external_attr >> 16 & 0o777
            if mode: os.chmod(made, mode | 0o600)
`

/** What the user can mend. */
export class SetupError extends Error {}

/** Whether a command ends well; its output goes nowhere. */
export function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const environment = (folder: string): string => path.join(folder, 'venv')

/**
 * A Python with pip: the system's, or one of a virtual environment made for it in `folder`.
 * @param what comes by it, for the message. @throws SetupError where there is none.
 */
export function findPython(folder: string, what: string): string {
  const mend = 'on Debian or Ubuntu, apt-get install python3-venv'
  if (!works('python3', ['--version'])) throw new SetupError(`python3 is missing, by whose pip ${what} comes: ${mend}`)
  if (works('python3', ['-m', 'pip', '--version'])) return 'python3'
  const python = path.join(environment(folder), 'bin', 'python')
  if (existsSync(python) && works(python, ['-m', 'pip', '--version'])) return python
  removePython(folder)
  if (works('python3', ['-m', 'venv', environment(folder)])) return python
  removePython(folder)
  throw new SetupError(`python3 has neither pip nor venv, by which ${what} comes: ${mend}`)
}

/** Removes the virtual environment that `findPython` may have made in `folder`. */
export function removePython(folder: string): void {
  rmSync(environment(folder), { recursive: true, force: true })
}

/**
 * Downloads the wheel of a requirement, alone, and unpacks what matches; the wheel itself is removed.
 * @param members what a member's path in the wheel matches. @param scratch a folder of its own, emptied.
 * @returns the wheel's file name. @throws SetupError where pip fails.
 */
export async function unpackWheel(python: string, requirement: string, members: string, into: string, scratch: string): Promise<string> {
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  const options = ['--disable-pip-version-check', '--no-deps', '--no-cache-dir', '--only-binary=:all:', '--dest', scratch]
  const download = ['-m', 'pip', 'download', ...options, ...target, ...platforms.flatMap((platform) => ['--platform', platform])]
  await run(python, [...download, requirement])
  const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'))
  if (!wheel) throw new SetupError(`pip brought no wheel for ${requirement}`)
  await run(python, ['-c', extract, path.join(scratch, wheel), members, into])
  rmSync(scratch, { recursive: true, force: true })
  return wheel
}

/** Runs a program whose output the user sees. @throws SetupError where it fails. */
export function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
      .once('error', (error) => reject(new SetupError(`${command} does not start: ${error.message}`)))
      .once('close', (code) =>
        code === 0 ? resolve() : reject(new SetupError(`${command} failed (code ${code}); its message stands above`)),
      )
  })
}
