/** Small file systems to be filled or broken, mounted for a test. It takes root. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @returns what it wrote. @throws Error where it fails. */
export const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Writes until nothing fits any more. */
export function fill(file: string): void {
  const descriptor = openSync(file, 'w')
  try {
    for (let size = 2 ** 20; size >= 512; )
      try {
        writeSync(descriptor, new Uint8Array(size))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        size /= 2
      }
  } finally {
    closeSync(descriptor)
  }
}

/** Why such a mount cannot be made here, or null. */
export function unmountable(mount: (folder: string) => void): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-mount-'))
  try {
    mount(folder)
    run('umount', folder)
    return null
  } catch (error) {
    return `no mount can be made here: ${(error as Error).message.trim().split('\n').at(-1)}`
  } finally {
    rmdirSync(folder)
    rmSync(imageOf(folder), { force: true })
  }
}

/** The file that is the disk of `mountExt4`. */
export const imageOf = (folder: string): string => `${folder}.img`
export const mountTmpfs = (folder: string): void => void run('mount', '-t', 'tmpfs', '-o', 'size=400m', 'archmeter', folder)
export function mountExt4(folder: string): void {
  run('truncate', '-s', '400M', imageOf(folder))
  run('mkfs.ext4', '-q', '-F', imageOf(folder))
  run('mount', '-o', 'loop,errors=remount-ro', imageOf(folder), folder)
}
