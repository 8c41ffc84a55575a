import { decomposedOperators } from '../../src/engine/formats/onnx-import/decompositions/index.ts'
import { foldedOperators } from '../../src/engine/formats/onnx-import/fold/index.ts'
import { dataDependent, knownOperators } from '../../src/engine/formats/onnx-import/known/index.ts'
import { ops } from '../../src/engine/ops/index.ts'
import type { Outcome } from './case.ts'
import { version } from './wheel.ts'

export interface Case {
  collection: string
  name: string
  outcome: Outcome
}

const list = (names: Iterable<string>): string =>
  [...new Set(names)]
    .sort()
    .map((name) => `\`${name}\``)
    .join(' ')

/** docs/onnx-operators.md, as the cases came out. */
export function page(cases: readonly Case[]): string {
  const collections = [...new Set(cases.map(({ collection }) => collection))]
  const count = (kind: Outcome['kind'], collection: string) =>
    cases.filter((each) => each.collection === collection && each.outcome.kind === kind).length
  const row = (collection: string) =>
    `| \`${collection}\` | ${cases.filter((each) => each.collection === collection).length} | ${count('passed', collection)} | ${count('not claimed', collection)} | ${count('failed', collection)} |`
  const missing = cases.flatMap(({ name, outcome }) =>
    outcome.kind === 'passed'
      ? []
      : [`| \`${name}\` | ${outcome.kind === 'failed' ? '**failed:** ' : ''}${outcome.why.replaceAll('|', '\\|')} |`],
  )
  return `# ONNX operators

Written by \`npm run test:onnx-backend\`: the cases of operators that come with the Python package \`onnx\` ${version}
(\`onnx/backend/test/data\`). Each is imported, its shapes are held against the suite's, and it is run on the suite's inputs
and weights by ONNX Runtime (as we export it again) and by TF.js (as we lower it): both must give the suite's output.

| collection | cases | pass | not claimed | fail |
|---|---|---|---|---|
${collections.map(row).join('\n')}

## Not claimed

A network takes images: the first dim of every input is the batch, whatever else a single operator may be given.

| case | why |
|---|---|
${missing.join('\n')}

## What is read

Opsets 6 to 28. Operators that become a layer each: ${list(ops.flatMap((op) => Object.keys(op.fromOnnx ?? {})))}.

Written as others where no layer is the same: ${list(decomposedOperators())}.

Computed at import where what they read is constant: ${list(['Shape', 'Size', ...foldedOperators()])}.

Known by a rule for their shapes, some with their multiply-adds, and run from the file alone: ${list(knownOperators())}. Outputs have
sizes that the data decides, so that nothing behind them is counted: ${list(dataDependent)} (\`If\` where its condition does not follow
from shapes).

Any other operator is a layer that is listed in \`uncounted\` by its name where the file states the shapes of its outputs,
or where its output is as its input; where it does not, the file is refused with the node's name.
`
}
