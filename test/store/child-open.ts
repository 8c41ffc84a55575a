/** Opens the store in the folder given, says the most memory this process has taken, and closes it. */
import { readFileSync } from 'node:fs'
import { openStore } from '../../src/store/index.ts'
import { quietLog } from './helper.ts'

const store = await openStore({ dataDir: process.argv[2]!, log: quietLog })
await store.ping()
await store.close()
console.log(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
