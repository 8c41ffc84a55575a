import { Argument, type Command } from 'commander'
import { presetNames as presets } from '../../engine/zoo/index.ts'

const shells = ['bash', 'zsh', 'fish'] as const

/** `archmeter completion`: a script for a shell, made from the commands themselves. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('completions for a shell')
    .description('Writes a script that completes commands, options, their values, presets and files.')
    .addArgument(new Argument('<shell>', 'which shell').choices([...shells]))
    .addHelpText(
      'after',
      `
Examples:
  source <(archmeter completion bash)                                    in ~/.bashrc
  source <(archmeter completion zsh)                                     in ~/.zshrc, behind compinit
  archmeter completion fish > ~/.config/fish/completions/archmeter.fish`,
    )
    .action((shell: (typeof shells)[number]) => void process.stdout.write(shell === 'fish' ? fish(program) : bash(program, shell)))
}

interface Shape {
  name: string
  summary: string
  takesModels: boolean
  options: { flags: string[]; description: string; choices: readonly string[]; takesModel: boolean; takesValue: boolean }[]
  choices: readonly string[]
}

/** Of every command but `help`, which takes their names. */
const shapesOf = (program: Command): Shape[] =>
  program.commands
    .filter((command) => command.name() !== 'help')
    .map((command) => ({
      name: command.name(),
      summary: command.summary(),
      takesModels: command.registeredArguments.some((argument) => /model/.test(argument.name())),
      choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
      options: command.options.map((option) => ({
        flags: [option.short, option.long].filter((flag) => flag != null),
        description: option.description,
        choices: option.argChoices ?? [],
        takesModel: /<model>/.test(option.flags),
        takesValue: option.required || option.optional,
      })),
    }))

/** For bash; zsh takes it through its bashcompinit. */
function bash(program: Command, shell: 'bash' | 'zsh'): string {
  const shapes = shapesOf(program)
  const models = 'COMPREPLY=($(compgen -W "$presets" -- "$cur") $(compgen -f -- "$cur"))'
  const words = (list: readonly string[]) => `COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$cur"))`
  const ofCommand = ({ name, options, takesModels, choices }: Shape) => {
    const values = options
      .filter((option) => option.takesValue)
      .map(
        ({ flags, choices: of, takesModel }) =>
          `        ${flags.join('|')}) ${takesModel ? models : of.length > 0 ? words(of) : 'COMPREPLY=()'}; return ;;`,
      )
    const flags = [...options.flatMap((option) => option.flags), '--help']
    return `    ${name})
      case "$prev" in
${values.join('\n')}
      esac
      case "$cur" in
        -*) ${words(flags)} ;;
        *) ${takesModels ? models : words(choices)} ;;
      esac ;;`
  }
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_archmeter() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local presets="${presets.join(' ')}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${words([...shapes.map(({ name }) => name), 'help', '--help', '--version'])}
    return
  fi
  case "\${COMP_WORDS[1]}" in
${shapes.map(ofCommand).join('\n')}
    help) ${words(shapes.map(({ name }) => name))} ;;
  esac
}
complete -o filenames -F _archmeter archmeter
`
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

function fish(program: Command): string {
  const lines = ['complete -c archmeter -f']
  for (const { name, summary, options, takesModels, choices } of shapesOf(program)) {
    lines.push(`complete -c archmeter -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`)
    const seen = `-n '__fish_seen_subcommand_from ${name}'`
    if (takesModels) lines.push(`complete -c archmeter ${seen} -F -a ${quoted(presets.join(' '))}`)
    if (choices.length > 0) lines.push(`complete -c archmeter ${seen} -a ${quoted(choices.join(' '))}`)
    for (const { flags, description, choices: of, takesModel, takesValue } of options) {
      const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
      const value = takesModel
        ? `-r -F -a ${quoted(presets.join(' '))}`
        : of.length > 0
          ? `-x -a ${quoted(of.join(' '))}`
          : takesValue
            ? '-x'
            : ''
      lines.push(`complete -c archmeter ${seen} ${names} ${value} -d ${quoted(description)}`.replace(/ {2,}/g, ' '))
    }
  }
  return `${lines.join('\n')}\n`
}
