import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { CliError } from './failure.ts'

/**
 * Writes a file, or to standard output where the name is `-`. A file appears whole or not at all: it is written aside and
 * renamed. What is there and no plain file, such as a pipe, is written to. @throws CliError where it cannot be written.
 */
export function writeOutput(name: string, pieces: Iterable<Uint8Array | string>): void {
  if (name === '-') {
    for (const piece of pieces) process.stdout.write(piece)
    return
  }
  const kind = statSync(name, { throwIfNoEntry: false })
  if (kind?.isDirectory()) throw new CliError(`${name} is a folder: name a file in it`)
  const replaced = kind === undefined || kind.isFile()
  const into = replaced ? `${name}.${process.pid}.part` : name
  try {
    const file = openSync(into, 'w')
    try {
      for (const piece of pieces) {
        const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      }
    } finally {
      closeSync(file)
    }
    if (replaced) renameSync(into, name)
  } catch (cause) {
    if (replaced) rmSync(into, { force: true })
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause
    throw new CliError(`${name} cannot be written: ${(cause as Error).message}`)
  }
}
