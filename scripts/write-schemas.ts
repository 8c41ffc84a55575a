/**
 * `npm run schemas` writes openapi.json and schema.graphql, from which clients are generated, as the code states them, and the
 * types of the answers that the dashboard reads;
 * `-- --check` fails where the files say something else.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { lexicographicSortSchema, printSchema } from 'graphql'
import openapiTypes, { astToString } from 'openapi-typescript'
import { pino } from 'pino'
import { buildApp } from '../src/api/app.ts'
import { readConfig } from '../src/api/config.ts'
import { Metrics } from '../src/api/metrics.ts'
import { createServices, type ServiceOptions } from '../src/api/services.ts'

const config = readConfig({})
// Describing the services asks nothing of what they work with.
const services = createServices({ config, store: {}, pool: {}, queue: {}, directory: {} } as unknown as ServiceOptions)
const app = await buildApp({ config, log: pino({ level: 'silent' }), metrics: new Metrics(), services, checks: {} })
const openapi = `${JSON.stringify(app.swagger(), null, 2)}\n`
const types = await openapiTypes(
  { ...JSON.parse(openapi), paths: {} },
  { rootTypes: true, rootTypesNoSchemaPrefix: true, alphabetize: true },
)
const documents: Record<string, string> = {
  'openapi.json': openapi,
  'web/src/api/schemas.ts': `// Written by \`npm run schemas\`.\n${astToString(types)}`,
  'schema.graphql': `${printSchema(lexicographicSortSchema(app.graphql.schema))}\n`,
}
await app.close()

const check = process.argv.includes('--check')
for (const [name, text] of Object.entries(documents)) {
  const file = new URL(`../${name}`, import.meta.url)
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue
  if (check) {
    console.log(`${name} is not what the code states: run \`npm run schemas\` and commit what it writes`)
    process.exitCode = 1
  } else {
    await writeFile(file, text)
    console.log(`${name} written`)
  }
}
