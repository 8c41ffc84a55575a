import type { Command } from 'commander'
import { families } from '../../engine/zoo/index.ts'
import { withFormat } from '../options.ts'
import type { OutputFormat, Report } from '../output.ts'

/** `archmeter zoo`: the networks that need no file. */
export function addZoo(program: Command, report: (report: Report, format: OutputFormat) => void): void {
  const command = program
    .command('zoo')
    .summary('the networks that need no file')
    .description('The presets of the zoo, which every command takes in place of a file.')
  withFormat(command).action(({ format }: { format: OutputFormat }) => {
    const rows = families.flatMap(({ name, presets }) => Object.entries(presets).map(([preset, { summary }]) => [preset, name, summary]))
    const columns = ['preset', 'family', 'summary']
    report(
      {
        json: rows.map(([preset, family, summary]) => ({ preset, family, summary })),
        csv: { columns, rows },
        sections: [{ table: { columns, rows } }],
      },
      format,
    )
  })
}
