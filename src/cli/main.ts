/**
 * The command `archmeter`: the engine in a terminal or a CI job, without server, database or network; `run`, `predict`, `backup` and
 * `export-all` alone ask a server. `bin/archmeter.js` runs it bundled.
 */
import { Command, CommanderError } from 'commander'
import { nearest } from '../engine/nearest.ts'
import { addAdvise } from './commands/advise.ts'
import { addBackup } from './commands/backup.ts'
import { addChart } from './commands/chart.ts'
import { addCheck } from './commands/check.ts'
import { addCompare } from './commands/compare.ts'
import { addCompletion } from './commands/completion.ts'
import { addCost } from './commands/cost.ts'
import { addDraw } from './commands/draw.ts'
import { addConventions, addExplain } from './commands/explain.ts'
import { addExportAll } from './commands/export-all.ts'
import { addMemory } from './commands/memory.ts'
import { addPlace } from './commands/place.ts'
import { addPredict } from './commands/predict.ts'
import { addRewrite, addRewrites } from './commands/rewrite.ts'
import { addRun } from './commands/run.ts'
import { addZoo } from './commands/zoo.ts'
import { exitCodes, failureText } from './failure.ts'
import { type OutputFormat, type Report, write } from './output.ts'

const report = (what: Report, format: OutputFormat): void => void process.stdout.write(write(what, format))

/** Every command. @param version of the package. */
export function buildProgram(version: string): Command {
  const program = new Command('archmeter')
    .description('What a convolutional network costs: parameters, multiply-adds, flops under a named convention, memory.')
    .version(version)
    .showHelpAfterError('(archmeter --help, or archmeter help <command>, shows what there is)')
    .exitOverride()
    .addHelpText(
      'after',
      `
A model is an ONNX file, what model.to_json() of Keras writes, a TensorFlow.js model.json, Archmeter's own JSON,
or a preset of the zoo (archmeter zoo).

Examples:
  archmeter cost model.onnx --by stage
  archmeter compare vgg16 mobilenet_v2
  archmeter explain resnet50 --from thop --to fvcore
  archmeter advise vgg16
  archmeter memory resnet50 --training --fits 16GiB
  archmeter place alexnet_2012 --by tower
  archmeter rewrite resnet18 depthwise --out small.onnx
  archmeter draw model.onnx -o net.svg
  archmeter check model.onnx --max-macs 4.2G --baseline main.onnx --tolerance 5%
  archmeter run model.onnx --server http://localhost:3000 --device cuda:0
  archmeter predict model.onnx --server http://localhost:3000 --device cuda:0
  archmeter backup archmeter.tar --server http://localhost:3000
  archmeter export-all archmeter-export.tar --server http://localhost:3000
  source <(archmeter completion bash)

Exit codes: 0 fine; 1 over budget (check), or no valid timing (run); 2 wrong usage, a model that cannot be read, or a
server that cannot be reached or refuses.`,
    )
  for (const add of [
    addCost,
    addCompare,
    addExplain,
    addAdvise,
    addMemory,
    addPlace,
    addRewrite,
    addCheck,
    addRun,
    addPredict,
    addConventions,
    addRewrites,
    addZoo,
  ])
    add(program, report)
  addDraw(program)
  addBackup(program)
  addExportAll(program)
  addChart(program)
  addCompletion(program)
  addHelp(program)
  return program
}

/** `archmeter help [command]`. Commander's own answers an unknown command with all of the help, and does not say what is wrong. */
function addHelp(program: Command): void {
  const unknown = (name: string): never => {
    const names = program.commands.map((command) => command.name())
    return program.error(`error: there is no command '${name.slice(0, 60)}'${nearest(name, names)}. There are: ${names.join(', ')}`)
  }
  program
    .command('help')
    .argument('[command]')
    .summary('show what a command takes')
    .action((name?: string) => {
      if (name === undefined) return program.help()
      const command = program.commands.find((each) => each.name() === name || each.aliases().includes(name))
      return command ? command.help() : unknown(name)
    })
}

/** Runs the command line; sets the exit code. @param args what follows the command's name. */
export async function main(args: readonly string[], version: string): Promise<void> {
  // Whoever reads may have had enough: `archmeter cost x | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    process.stderr.write(`archmeter: the answer cannot be written: ${error.message}\n`)
    process.exit(exitCodes.cannotRead)
  })
  const program = buildProgram(version)
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (cause) {
    if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? exitCodes.fine : exitCodes.cannotRead
    else {
      process.stderr.write(`archmeter: ${failureText(cause)}\n`)
      process.exitCode = exitCodes.cannotRead
    }
  }
}
