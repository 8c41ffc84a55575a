/** A Postgres server for a comparison. */
import pg from 'pg'
import { binaries, startServer } from '../../scripts/postgres-server.ts'
import { Skipped } from '../figure.ts'

/** Gives a server's address, with an empty database a call. @throws Skipped where there is no Postgres. */
export async function withPostgres<T>(use: (database: (name: string) => Promise<string>) => Promise<T>): Promise<T> {
  const found = binaries()
  if (!found) throw new Skipped('no Postgres server here (apt-get install postgresql)')
  const server = await startServer(found.folder)
  try {
    return await use(async (name) => {
      const client = new pg.Client({ connectionString: server.url })
      await client.connect()
      await client.query(`create database ${client.escapeIdentifier(name)}`)
      await client.end()
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return url.href
    })
  } finally {
    await server.stop()
  }
}
