/**
 * `npm run test:onnx-backend`: the operator cases of the ONNX project's own test-suite, imported and run; writes
 * docs/onnx-operators.md. Exit status 77 where the suite cannot be fetched, 1 where a case that is claimed fails.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryCase } from './case.ts'
import { type Case, page } from './page.ts'
import { collections, fetchWheel, Skipped, version } from './wheel.ts'

let wheel: ReturnType<typeof fetchWheel>
try {
  wheel = fetchWheel()
} catch (cause) {
  if (!(cause instanceof Skipped)) throw cause
  console.log(`skipped: the package onnx ${version} cannot be fetched: ${cause.message}`)
  process.exit(77)
}
const cases: Case[] = []
try {
  for (const collection of collections)
    for (const name of readdirSync(join(wheel.folder, collection)).sort()) {
      const outcome = await tryCase(join(wheel.folder, collection, name)).catch((cause) => ({
        kind: 'failed' as const,
        why: cause instanceof Error ? cause.message : String(cause),
      }))
      if (outcome.kind !== 'passed') console.log(`${name}: ${outcome.kind}: ${outcome.why}`)
      cases.push({ collection, name, outcome })
    }
} finally {
  wheel.remove()
}
writeFileSync(join(import.meta.dirname, '../../docs/onnx-operators.md'), page(cases))
const passed = cases.filter(({ outcome }) => outcome.kind === 'passed').length
const failed = cases.filter(({ outcome }) => outcome.kind === 'failed').length
console.log(
  `${passed} of ${cases.length} cases pass, ${cases.length - passed - failed} are not claimed, ${failed} fail; see docs/onnx-operators.md`,
)
process.exit(failed > 0 ? 1 : 0)
