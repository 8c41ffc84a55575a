/**
 * The data folder of the embedded store, held by one process at a time. PGlite has no lock of its own: two processes
 * once opened one folder, and it never opened again. The lock is a listening socket named for the folder, which the
 * kernel frees however the process ends: abstract on Linux, a named pipe on Windows, a socket file elsewhere.
 *
 * An abstract socket belongs to a network namespace, and each container has its own. So on Linux a socket file in the folder is
 * listened to as well, which containers on one host that mount the folder meet. A killed process leaves it behind, and the next
 * start takes it over; two containers that start at the same moment after that could both do so. Hosts that share a folder
 * over a network do not see each other.
 */
import { createHash } from 'node:crypto'
import { realpath, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreError } from './errors.ts'
import { makeFolder } from './make-folder.ts'

export interface DataFolder {
  /** The real path, with links resolved. */
  path: string
  release(): Promise<void>
}

/** How long to wait for the holder to send its pid; a busy one may not, and the error then names no pid. */
const ASK_MS = 500
/** sun_path of unix(7) has 108 bytes, the last of them 0. */
const longestSocketPath = 107

/**
 * Makes the folder where it is missing.
 * @returns its real path. @throws StoreError DATA_FOLDER_UNUSABLE where it cannot be made.
 */
export async function makeDataFolder(dataDir: string): Promise<string> {
  try {
    await makeFolder(dataDir)
    return await realpath(dataDir)
  } catch (error) {
    throw new StoreError(
      'DATA_FOLDER_UNUSABLE',
      `The data folder ${dataDir} cannot be made or entered (${(error as NodeJS.ErrnoException).code}): set DATA_DIR to a folder this user may write to`,
      { cause: error },
    )
  }
}

/**
 * Makes the folder where it is missing and holds it.
 * @throws StoreError DATA_FOLDER_IN_USE where another process holds it, DATA_FOLDER_UNUSABLE where it cannot be made.
 */
export async function holdDataFolder(dataDir: string): Promise<DataFolder> {
  const path = await makeDataFolder(dataDir)
  const servers = [await listen(socketAddress(path), path)]
  const release = async () => void (await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))))
  const file = join(path, 'in-use.sock')
  if (process.platform === 'linux' && Buffer.byteLength(file) <= longestSocketPath)
    try {
      servers.push(await listen(file, path))
    } catch (error) {
      // Some file systems have no sockets, and others may not be written to: then the first one alone must do.
      if (!(error instanceof StoreError)) return { path, release }
      await release()
      throw error
    }
  return { path, release }
}

function socketAddress(path: string): string {
  const name = `archmeter-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`
  if (process.platform === 'linux') return `\0${name}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  return join(tmpdir(), `${name}.sock`)
}

async function listen(address: string, path: string, again = true): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(String(process.pid))
  })
  // The lock ends with the process; it must not keep the process alive.
  server.unref()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
    return server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    const holder = await askHolder(address)
    // A socket file left by a dead process: nobody answers on it.
    if (holder === 'gone' && again && address.startsWith('/')) {
      await unlink(address).catch(() => {})
      return listen(address, path, false)
    }
    // It cannot be removed, as on a file system that is read-only.
    if (holder === 'gone') throw error
    const who = typeof holder === 'number' ? `process ${holder}` : 'another process'
    throw new StoreError(
      'DATA_FOLDER_IN_USE',
      `The data folder ${path} is in use by ${who}: stop that one, or give this one a folder of its own with DATA_DIR`,
    )
  }
}

/** The pid that holds the socket, `null` where it does not answer, `gone` where nobody listens. */
function askHolder(address: string): Promise<number | null | 'gone'> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(address)
    const timer = setTimeout(() => finish(null), ASK_MS)
    const finish = (answer: number | null | 'gone') => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (chunk) => (said += chunk))
    socket.on('end', () => finish(/^\d+$/.test(said) ? Number(said) : null))
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED' ? 'gone' : null))
  })
}
