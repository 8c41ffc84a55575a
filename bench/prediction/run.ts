/** `npm run bench:prediction [-- --measure] [-- --write]`: see `index.ts`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { errorsOf, intervalFactor, type LeftOut } from '../../src/engine/prediction/evaluate.ts'
import { readMeasured } from './data.ts'
import { type Evaluation, evaluate, evaluations } from './index.ts'
import { measure } from './measure.ts'

const { values } = parseArgs({
  options: {
    measure: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
const names: Readonly<Record<keyof Evaluation['left'], string>> = {
  ours: 'this service',
  withoutProfiles: 'the same without profiles',
  macsAndBytes: 'linear in multiply-adds and bytes',
  macs: 'multiply-adds at the median rate',
}

/** A device: a line a predictor, then a line a network. */
function tables({ measurements, calls, left, family }: Evaluation): string {
  const { device, date, method } = measurements
  const line = (name: string, each: readonly LeftOut[]) => {
    const { median, worst, worstArchitecture } = errorsOf(each)
    return `| ${name} | ${percent(median)} | ${percent(worst)} (\`${worstArchitecture}\`) | ${intervalFactor(each).toFixed(2)} |`
  }
  const off = (each: readonly LeftOut[], name: string) => {
    const { ratio } = each.find(({ architecture }) => architecture === name)!
    return `${ratio < 1 ? '+' : '−'}${percent(Math.abs(1 / ratio - 1))}`
  }
  return [
    `### ${device}, ${date}`,
    '',
    `${calls.length} networks of the zoo. ${method[0]!.toUpperCase()}${method.slice(1)}.`,
    '',
    '| predictor | median error | worst | factor of the 80 % interval |',
    '|---|---|---|---|',
    ...(Object.keys(names) as (keyof typeof names)[]).map((key) => line(names[key], left[key])),
    line('this service, the whole family left out', family),
    '',
    '| network | measured | this service | macs and bytes | multiply-adds |',
    '|---|---|---|---|---|',
    ...calls.map(
      ({ architecture, callMs }) =>
        `| \`${architecture}\` | ${callMs.toPrecision(3)} ms | ${[left.ours, left.macsAndBytes, left.macs].map((each) => off(each, architecture)).join(' | ')} |`,
    ),
  ].join('\n')
}

if (values.measure) await measure(values.measure)
const text = (values.measure ? [evaluate(readMeasured(values.measure))] : evaluations()).map(tables).join('\n\n')
console.log(text)
if (values.write) {
  const page = new URL('../../docs/prediction.md', import.meta.url)
  const mark = '<!-- written by npm run bench:prediction -- --write; do not edit below -->'
  const [above] = readFileSync(page, 'utf8').split(mark)
  writeFileSync(page, `${above}${mark}\n\n${text}\n`)
}
