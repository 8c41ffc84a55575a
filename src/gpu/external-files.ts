/**
 * Files of an ONNX model on disk, its own and those of external data: read in parts, since they may be larger than memory, or
 * whole for a runtime.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { ExternalFile } from '../engine/formats/onnx-import/index.ts'

/** Most that one system call reads. */
const mostAtOnce = 2 ** 30

function partOf(path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const file = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const read = readSync(file, bytes, at, Math.min(length - at, mostAtOnce), offset + at)
      if (read === 0) throw new Error('a file of the model has become shorter')
      at += read
    }
    return bytes
  } finally {
    closeSync(file)
  }
}

/** Opened for each part that is read. @throws Error where there is no such file. */
export const externalFile = (path: string): ExternalFile => ({
  length: statSync(path).size,
  read: (offset, length) => partOf(path, offset, length),
})

/** Reads a whole file, also of 2 GiB and more, which Node's own reader refuses. */
export const readWhole = (path: string): Uint8Array<ArrayBuffer> => partOf(path, 0, statSync(path).size)
