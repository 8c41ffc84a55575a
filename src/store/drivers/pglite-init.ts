/**
 * `node pglite-init.ts FOLDER`: makes an empty database in FOLDER, which must not be there. A process of its own, since
 * this takes 500 MB for some seconds, which a process that goes on would keep.
 */
import { PGlite } from '@electric-sql/pglite'
import { compileWithoutOptimizing, startParams } from './pglite-options.ts'

compileWithoutOptimizing()
const database = await PGlite.create(process.argv[2]!, { startParams })
await database.close()
