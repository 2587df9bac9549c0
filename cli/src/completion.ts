/**
 * `dwallet completion bash|zsh|fish`: scripts made of the commands as they are.
 *
 * @module
 */
import { Argument, Command } from 'commander';

interface Entry {
  /** Words after `dwallet`, such as `wallet create`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly { readonly name: string; readonly description: string; readonly takesValue: boolean }[];
  /** Words that its argument can be. */
  readonly choices: readonly string[];
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/['"`$\\:]/g, '');

function entriesOf(command: Command, path: readonly string[]): Entry[] {
  // What the help shows: hidden commands are not offered. The help command itself is of no use to a completion.
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => command.commands.includes(inner));
  const own: Entry = {
    path: path.join(' '),
    commands: visible.map((inner) => ({ name: inner.name(), description: firstLine(inner.description()) })),
    options: command.options.flatMap(({ long, hidden, description, required, optional }) =>
      long === undefined || long === null || hidden
        ? []
        : [{ name: long, description: firstLine(description), takesValue: required || optional }],
    ),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [own, ...visible.flatMap((inner) => entriesOf(inner, [...path, inner.name()]))];
}

const wordsOf = ({ commands, options, choices }: Entry): string =>
  [...commands.map(({ name }) => name), ...choices, ...options.map(({ name }) => name)].join(' ');

/** Key of a command in the tables below; neither shell takes an empty one. */
const keyOf = ({ path }: Entry): string => (path === '' ? '-' : path);

/** Which command is being typed: the words so far that are commands, in order. */
const bash = (entries: readonly Entry[]): string => `# dwallet completion for bash: eval "$(dwallet completion bash)"
_dwallet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word i
  local -A known=(
${entries.map((entry) => `    ["${keyOf(entry)}"]="${wordsOf(entry)}"`).join('\n')}
  )
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${path:+$path }\${COMP_WORDS[i]}"
    if [[ -n "$word" && -n "\${known[$word]+known}" ]]; then path="$word"; fi
  done
  COMPREPLY=($(compgen -W "\${known[\${path:--}]}" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _dwallet dwallet
`;

const zsh = (entries: readonly Entry[]): string => `#compdef dwallet
# dwallet completion for zsh: eval "$(dwallet completion zsh)"
_dwallet() {
  local typed="" word next
  local -A known
  known=(
${entries.map((entry) => `    '${keyOf(entry)}' '${wordsOf(entry)}'`).join('\n')}
  )
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${typed:+$typed }$word"
    if [[ -n "$next" && -n "\${known[$next]+x}" ]]; then typed="$next"; fi
  done
  compadd -- \${=known[\${typed:--}]} || _files
}
compdef _dwallet dwallet
`;

const fish = (entries: readonly Entry[]): string => {
  const lines = ['# dwallet completion for fish: dwallet completion fish | source', 'complete -c dwallet -e'];
  for (const { path, commands, options, choices } of entries) {
    const parts = path === '' ? [] : path.split(' ');
    const seen = parts.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const inner = commands.map(({ name }) => name).join(' ');
    const here = [
      ...(seen === '' ? [] : [seen]),
      ...(inner === '' ? [] : [`not __fish_seen_subcommand_from ${inner}`]),
    ];
    const condition = here.length === 0 ? '' : ` -n '${here.join('; and ')}'`;
    for (const { name, description } of commands)
      lines.push(`complete -c dwallet -f${condition} -a ${name} -d '${description}'`);
    for (const choice of choices) lines.push(`complete -c dwallet -f${condition} -a ${choice}`);
    for (const { name, description, takesValue } of options)
      lines.push(`complete -c dwallet${condition} -l ${name.slice(2)}${takesValue ? ' -r' : ''} -d '${description}'`);
  }
  return `${lines.join('\n')}\n`;
};

const shells = { bash, zsh, fish } as const;
export type Shell = keyof typeof shells;

/** The script for a shell, of all commands of a program. */
export const completionScript = (program: Command, shell: Shell): string => shells[shell](entriesOf(program, []));

export const completionCommand = (): Command =>
  new Command('completion')
    .description('prints a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(shells)))
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExamples:\n  $ eval "$(dwallet completion bash)"\n  $ eval "$(dwallet completion zsh)"\n  $ dwallet completion fish | source\n',
    )
    .action((shell: Shell, _options: unknown, command: Command) => {
      const program = command.parent;
      if (program !== null) process.stdout.write(completionScript(program, shell));
    });
