import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** Prints a script that a shell sources: it completes commands, subcommands and options. */
export function defineCompletion(program: Command, all: () => Promise<Command>): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .description('Prints a completion script for the shell. It completes commands, subcommands and options.')
    .addHelpText(
      'after',
      `
Examples:
  bash: source <(cardgenius completion bash)
  zsh:  source <(cardgenius completion zsh)
  fish: cardgenius completion fish | source`,
    )
    .action(async (shell: Shell) => {
      process.stdout.write(completionScript(shell, wordsOf(await all())));
    });
}

/** The words that may follow each command: '' is the program itself. */
export function wordsOf(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const walk = (command: Command, path: string) => {
    const options = command.options.map(({ long }) => long!).concat('--help');
    words.set(path, [...command.commands.map(child => child.name()), ...options]);
    for (const child of command.commands) walk(child, `${path} ${child.name()}`.trim());
  };
  walk(program, '');
  return words;
}

function completionScript(shell: Shell, words: ReadonlyMap<string, readonly string[]>): string {
  if (shell === 'fish') {
    const lines = [...words].map(([path, next]) => {
      const condition =
        path === ''
          ? '__fish_use_subcommand'
          : path
              .split(' ')
              .map(word => `__fish_seen_subcommand_from ${word}`)
              .join('; and ');
      return `complete -c cardgenius -f -n '${condition}' -a '${next.join(' ')}'`;
    });
    return `${lines.join('\n')}\n`;
  }
  const cases = [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n');
  const bash = `_cardgenius() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:\${#COMP_WORDS[@]}-2}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$2"))
  [ -n "$words" ] || COMPREPLY=($(compgen -f -- "$2"))
}
complete -o filenames -F _cardgenius cardgenius ./cardgenius
`;
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash;
}
