/** Wheels of PyPI by pip, so that its mirrors, proxies and certificates are those the user set up. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'

/** The CPython that the wheels are for; it runs nowhere, since only libraries are taken out of them. */
const target = ['--python-version', '3.12', '--implementation', 'cp']
const platforms = ['manylinux_2_28_x86_64', 'manylinux_2_27_x86_64', 'manylinux2014_x86_64']

/** Takes the shared libraries whose path matches out of a wheel, flat: wheel, pattern, folder. */
const extract = `
import os, re, shutil, sys, zipfile
wheel, pattern, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if re.search(pattern, member.filename):
            with archive.open(member) as source, open(os.path.join(folder, os.path.basename(member.filename)), 'wb') as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
`

export class SetupError extends Error {}

/** The Python that has pip. @throws SetupError where there is none. */
export function findPython(): string {
  for (const python of ['python3', 'python']) {
    try {
      execFileSync(python, ['-m', 'pip', '--version'], { stdio: 'ignore' })
      return python
    } catch {
      // The next one may have it.
    }
  }
  throw new SetupError('Python 3 with pip is missing, by which the wheels come: on Debian or Ubuntu, apt-get install python3-pip')
}

/**
 * Downloads the wheel of a requirement and takes libraries out of it; the wheel itself is removed.
 * @param libraries what a library's path in the wheel matches. @param into gets them, when all are there.
 * @returns the wheel's file name. @throws SetupError where pip fails, or the wheel has no such library.
 */
export async function fetchLibraries(
  python: string,
  requirement: string,
  { libraries, into, scratch }: { libraries: RegExp; into: string; scratch: string },
): Promise<string> {
  rmSync(scratch, { recursive: true, force: true })
  const unpacked = path.join(scratch, 'libraries')
  mkdirSync(unpacked, { recursive: true })
  const args = [
    '-m',
    'pip',
    'download',
    '--disable-pip-version-check',
    '--no-deps',
    '--no-cache-dir',
    '--only-binary=:all:',
    '--dest',
    scratch,
  ]
  await run(python, [...args, ...target, ...platforms.flatMap((platform) => ['--platform', platform]), requirement])
  const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'))
  if (!wheel) throw new SetupError(`pip brought no wheel for ${requirement}`)
  await run(python, ['-c', extract, path.join(scratch, wheel), libraries.source, unpacked])
  const found = readdirSync(unpacked)
  if (found.length === 0) throw new SetupError(`${wheel} has no library that matches ${libraries.source}`)
  mkdirSync(into, { recursive: true })
  for (const name of found) renameSync(path.join(unpacked, name), path.join(into, name))
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
