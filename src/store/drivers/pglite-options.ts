import { setFlagsFromString } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'

/** Messages to the thread: bytes of the protocol, or an order to shut the database down, or to copy its files. */
export type ToThread = Uint8Array | 'close' | { copyTo: string }
/** Messages from it. */
export type FromThread = Uint8Array | 'open' | 'closed' | { failed: string } | { copied: true; problem?: Error }

/** Major version of PostgreSQL that PGlite is: its folders open in no other. */
export const postgresMajor = '18'

/** 128 MB is PostgreSQL's default, all of which becomes resident; 16 MB are enough for tables of this size. */
export const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB']

/**
 * Keeps V8 from compiling the database a second time, optimized: that takes more than 500 MB for its largest functions, and
 * CPU time for minutes, where a statement becomes faster by a third (docs/adr/embedded-store.md). A flag of the process,
 * and of WebAssembly alone; call it before the database is loaded.
 */
export function compileWithoutOptimizing(): void {
  // `--liftoff-only` implies the other two only where it is given at the start of the process.
  for (const flag of ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag)
}
