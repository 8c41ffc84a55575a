/** Queues runs for a webhook and delivers their events until it is killed. Options as JSON in argv; prints the ids once all are stored. */
import { Targets } from '../../src/api/access/targets.ts'
import { ArchitectureNames } from '../../src/api/features/architectures/names.ts'
import { WebhookDeliverer } from '../../src/api/features/webhooks/deliverer.ts'
import { WebhookMessages } from '../../src/api/features/webhooks/message.ts'
import { makeSecret } from '../../src/api/features/webhooks/sign.ts'
import { openStore } from '../../src/store/index.ts'
import { quietLog, someArchitecture, someRun } from '../store/helper.ts'

const { url, runs, ...options } = JSON.parse(process.argv[2]!)
const store = await openStore({ ...options, log: quietLog })
const { architecture } = await store.architectures.insert(someArchitecture())
await store.webhooks.insert({ url, events: ['queued'], devices: [], labels: [], description: null, createdBy: null, secret: makeSecret() })
const messages = new WebhookMessages(store, new ArchitectureNames(store))
new WebhookDeliverer({ store, messages, targets: new Targets('127.0.0.1'), log: quietLog, retryHours: 24 }).start()
const ids: string[] = []
for (let i = 0; i < runs; i++) ids.push((await store.runs.insert(someRun(architecture.id))).run.id)
process.stdout.write(`${JSON.stringify(ids)}\n`)
