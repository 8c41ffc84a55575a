import { rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The lock of a device, held by the kernel: a listening socket whose name only one process of the host can have. The
 * kernel drops it with the process, however that ends, so it can never be left behind. On Linux the name is abstract
 * (unix(7)) and belongs to the network namespace; elsewhere it is a file, which a dead holder leaves and the next one
 * removes.
 */
export interface DeviceLock {
  release(): Promise<void>
}

const retryMs = 50

const addressOf = (uuid: string): string =>
  process.platform === 'linux' ? `\0archmeter-device-${uuid}` : path.join(os.tmpdir(), `archmeter-device-${uuid}.sock`)

/**
 * Takes the device's lock, waiting for another holder as long as it takes: the caller's deadline bounds it.
 * @param onWait called once, where somebody else holds it.
 */
export async function lockDevice(uuid: string, onWait: () => void): Promise<DeviceLock> {
  const address = addressOf(uuid)
  for (let waiting = false; ; ) {
    const server = await listen(address)
    if (server) return { release: () => new Promise((resolve) => server.close(() => resolve())) }
    if (!waiting) onWait()
    waiting = true
    if (!address.startsWith('\0') && !(await answers(address))) await rm(address, { force: true })
    else await sleep(retryMs)
  }
}

/** The listening socket, or null where another one has the name. */
function listen(address: string): Promise<net.Server | null> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((connection) => connection.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)))
    server.listen({ path: address }, () => resolve(server))
  })
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(address)
    connection.once('connect', () => resolve(true)).once('error', () => resolve(false))
    connection.once('connect', () => connection.destroy())
  })
}
