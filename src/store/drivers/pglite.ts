/**
 * The embedded store: PostgreSQL in WebAssembly, in this process, in a folder. One connection, so whatever runs in a
 * transaction must use the transaction's handle: a statement on `db` from inside would wait for itself for ever.
 *
 * It survives the end of this process however it comes, and promises nothing over a power cut: it makes no fsync
 * call (docs/adr/embedded-store.md).
 */
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { fromPglite, PgBoss } from 'pg-boss'
import { bossOptions, type Driver } from '../database.ts'
import { drizzleOverPglite } from '../drizzle.ts'
import { StoreError } from '../errors.ts'

/** 128 MB is PostgreSQL's default and costs 400 to 560 MB of RSS here; 16 MB costs about 256 MB. */
const SHARED_BUFFERS = '16MB'

/** @param folder held by this process (`data-folder.ts`); the database lies in `folder/pglite`. */
export async function openPglite(folder: string): Promise<Driver> {
  let client: PGlite
  try {
    client = await PGlite.create(join(folder, 'pglite'), {
      startParams: [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`],
    })
  } catch (error) {
    throw new StoreError(
      'DATABASE_UNREACHABLE',
      `The embedded database in ${folder} does not open: restore the folder from a copy, or set DATA_DIR to a new one (${(error as Error).message})`,
      { cause: error },
    )
  }
  return {
    kind: 'pglite',
    db: drizzleOverPglite(client),
    boss: () => new PgBoss({ ...bossOptions, db: fromPglite(client), backend: 'pglite' }),
    listen: async (channel, onMessage) => void (await client.listen(channel, onMessage)),
    close: () => client.close(),
  }
}
