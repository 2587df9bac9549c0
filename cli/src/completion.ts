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
  readonly options: readonly CompletedOption[];
  /** Words that its argument can be. */
  readonly choices: readonly string[];
}
interface CompletedOption {
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** Words that its value can be; none: a file, or something that nobody can guess. */
  readonly values: readonly string[];
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

function entriesOf(command: Command, path: readonly string[]): Entry[] {
  // What the help shows: hidden commands are not offered. The help command itself is of no use to a completion.
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => command.commands.includes(inner));
  const own: Entry = {
    path: path.join(' '),
    commands: visible.map((inner) => ({ name: inner.name(), description: firstLine(inner.description()) })),
    options: command.options.flatMap(({ long, hidden, description, required, optional, argChoices = [] }) =>
      long === undefined || long === null || hidden
        ? []
        : [{ name: long, description: firstLine(description), takesValue: required || optional, values: argChoices }],
    ),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [own, ...visible.flatMap((inner) => entriesOf(inner, [...path, inner.name()]))];
}

const wordsOf = ({ commands, options, choices }: Entry): string =>
  [...commands.map(({ name }) => name), ...choices, ...options.map(({ name }) => name)].join(' ');

/** Key of a command in the tables below; neither shell takes an empty one. */
const keyOf = ({ path }: Entry): string => (path === '' ? '-' : path);

/** Command and option -> words that its value can be. */
const valuesOf = (entries: readonly Entry[]): [string, string][] =>
  entries.flatMap((entry) =>
    entry.options
      .filter(({ takesValue }) => takesValue)
      .map(({ name, values }): [string, string] => [`${keyOf(entry)} ${name}`, values.join(' ')]),
  );

/** Which command is being typed: the words so far that are commands, in order. After an option with a value: its values, or files. */
const bash = (entries: readonly Entry[]): string => `# dwallet completion for bash: eval "$(dwallet completion bash)"
_dwallet() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word offered i
  local -A known=(
${entries.map((entry) => `    ["${keyOf(entry)}"]="${wordsOf(entry)}"`).join('\n')}
  )
  local -A values=(
${valuesOf(entries)
  .map(([option, words]) => `    ["${option}"]="${words}"`)
  .join('\n')}
  )
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${path:+$path }\${COMP_WORDS[i]}"
    if [[ -n "$word" && -n "\${known[$word]+known}" ]]; then path="$word"; fi
  done
  word="\${path:--} \${COMP_WORDS[COMP_CWORD-1]}"
  if [[ -n "\${values[$word]+known}" ]]; then offered="\${values[$word]}"; else offered="\${known[\${path:--}]}"; fi
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _dwallet dwallet
`;

/** As bash. It serves both ways: evaluated after compinit, and as a file \`_dwallet\` in a folder of \`fpath\`. */
const zsh = (entries: readonly Entry[]): string => `#compdef dwallet
# dwallet completion for zsh: eval "$(dwallet completion zsh)"
_dwallet() {
  local typed="" word next
  local -A known values
  known=(
${entries.map((entry) => `    '${keyOf(entry)}' '${wordsOf(entry)}'`).join('\n')}
  )
  values=(
${valuesOf(entries)
  .map(([option, words]) => `    '${option}' '${words}'`)
  .join('\n')}
  )
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${typed:+$typed }$word"
    if [[ -n "$word" && -n "\${known[$next]+x}" ]]; then typed="$next"; fi
  done
  next="\${typed:--} \${words[CURRENT-1]}"
  if [[ -n "\${values[$next]+x}" ]]; then
    compadd -- \${=values[$next]} || _files
  else
    compadd -- \${=known[\${typed:--}]} || _files
  fi
}
if [[ "\${funcstack[1]}" == _dwallet ]]; then _dwallet "$@"; else compdef _dwallet dwallet; fi
`;

/** A text between single quotes, in which fish knows a backslash and the quote itself. */
const fishText = (text: string): string => `'${text.replaceAll('\\', '').replaceAll("'", '’')}'`;

const fish = (entries: readonly Entry[]): string => {
  const lines = [
    '# dwallet completion for fish: dwallet completion fish | source',
    'function __dwallet_at',
    "    set -l typed ''",
    `    set -l known ${entries.map((entry) => `'${entry.path}'`).join(' ')}`,
    '    set -l words (commandline -opc)',
    '    for word in $words[2..]',
    '        set -l next (string trim -- "$typed $word")',
    '        contains -- "$next" $known; and set typed "$next"',
    '    end',
    '    test "$typed" = "$argv[1]"',
    'end',
    'complete -c dwallet -e',
  ];
  for (const { path, commands, options, choices } of entries) {
    const here = `-c dwallet -n "__dwallet_at '${path}'"`;
    for (const { name, description } of commands)
      lines.push(`complete ${here} -f -a ${name} -d ${fishText(description)}`);
    for (const choice of choices) lines.push(`complete ${here} -f -a ${choice}`);
    for (const { name, description, takesValue, values } of options) {
      const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takesValue ? ' -r' : '';
      lines.push(`complete ${here} -l ${name.slice(2)}${value} -d ${fishText(description)}`);
    }
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
