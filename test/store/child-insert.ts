/** Inserts runs until it is killed, and prints the id of each once the store has acknowledged it. Options as JSON in argv. */
import { openStore } from '../../src/store/index.ts'
import { quietLog, someArchitecture, someRun } from './helper.ts'

const store = await openStore({ ...JSON.parse(process.argv[2]!), log: quietLog })
const { architecture } = await store.architectures.insert(someArchitecture())
const forever = async () => {
  for (;;) {
    const { run } = await store.runs.insert(someRun(architecture.id))
    process.stdout.write(`${run.id}\n`)
  }
}
await Promise.all([forever(), forever(), forever()])
