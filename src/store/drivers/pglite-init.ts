/**
 * `node pglite-init.ts FOLDER`: creates an empty database in FOLDER, which must not exist. It is a separate process because
 * this takes 500 MB for some seconds, which a long-lived process would keep.
 */
import { PGlite } from '@electric-sql/pglite'
import { compileWithoutOptimizing, startParams } from './pglite-options.ts'

compileWithoutOptimizing()
const database = await PGlite.create(process.argv[2]!, { startParams })
await database.close()
