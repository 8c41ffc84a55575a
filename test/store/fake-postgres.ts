/**
 * As much of a PostgreSQL server as a driver needs to connect and to be answered (protocol 3.0, "Message Formats" in
 * PostgreSQL's manual), which can fall silent: connections stay open and are accepted, and nothing comes back.
 */
import { createServer, type Socket } from 'node:net'

export interface FakePostgres {
  url: string
  /** Whether it takes all that comes and says nothing. */
  silent: boolean
  /** Statements heard, silent or not. */
  readonly heard: string[]
  /** Ends every connection, as a server does that is restarted. */
  drop(): void
  close(): Promise<void>
}

const message = (type: string, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)))
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const int16 = (value: number) => Buffer.from([value >> 8, value & 255])
const int32 = (value: number) => Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255])
const ready = message('Z', Buffer.from('I'))
const authenticated = Buffer.concat([message('R', int32(0)), ready])

/** A row of one text, or an error where the statement asks for it. */
function answer(statement: string): Buffer {
  if (statement.includes('no_such_table'))
    return Buffer.concat([message('E', Buffer.from('SERROR\0C42P01\0Mrelation "no_such_table" does not exist\0\0')), ready])
  const value = Buffer.from(statement.startsWith('SHOW') ? '180000' : '1')
  const text = [int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]
  const described = message('T', int16(1), statement.startsWith('SHOW') ? 'server_version_num' : 'x', ...text)
  return Buffer.concat([described, message('D', int16(1), int32(value.length), value), message('C', 'SELECT 1'), ready])
}

export async function fakePostgres(): Promise<FakePostgres> {
  const sockets = new Set<Socket>()
  const fake = { silent: false, heard: [] as string[] }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let rest = Buffer.alloc(0)
    let started = false
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes])
      for (;;) {
        const at = started ? 1 : 0
        if (rest.length < at + 4) return
        const end = at + rest.readUInt32BE(at)
        if (rest.length < end) return
        const type = started ? rest.toString('latin1', 0, 1) : 'start'
        const body = rest.subarray(at + 4, end)
        rest = rest.subarray(end)
        started = true
        if (type === 'X') socket.end()
        const statement = type === 'Q' ? body.toString('utf8', 0, body.length - 1) : null
        if (statement !== null) fake.heard.push(statement)
        if (fake.silent) continue
        if (type === 'start') socket.write(authenticated)
        if (statement !== null) socket.write(answer(statement))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return Object.assign(fake, {
    url: `postgres://someone:hush@127.0.0.1:${port}/lab`,
    drop,
    close: () =>
      new Promise<void>((resolve) => {
        drop()
        server.close(() => resolve())
      }),
  })
}
