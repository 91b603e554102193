import type { CompletionEntry } from './words.js';

/** Shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** Writes the script of a shell. */
export function completionScript(shell: Shell, entries: readonly CompletionEntry[]): string {
  return { bash, zsh, fish }[shell](entries);
}

const wordsOf = ({ subcommands, options }: CompletionEntry): string =>
  [...subcommands.map(([word]) => word), ...options].join(' ');

/** The words before the cursor that are no options and no values of some are the path, or a command's arguments. */
const PATH = `  local at="" word value=""
  for word in "\${typed[@]}"; do
    if [[ -n "$value" ]]; then value=""; continue; fi
    case " $valued " in *" $word "*) value=1 ;; esac
    case " $paths " in
      *" \${at:+$at/}$word "*) at="\${at:+$at/}$word" ;;
    esac
  done`;

const slashed = (path: string): string => path.replaceAll(' ', '/');
const valuedOf = (entries: readonly CompletionEntry[]): string =>
  [...new Set(entries.flatMap(({ valued }) => valued))].join(' ');
const listOf = (entries: readonly CompletionEntry[]): string =>
  entries.flatMap(({ path }) => (path === '' ? [] : [slashed(path)])).join(' ');

function casesOf(entries: readonly CompletionEntry[]): string {
  return entries.map((entry) => `    "${slashed(entry.path)}") known="${wordsOf(entry)}" ;;`).join('\n');
}

function bash(entries: readonly CompletionEntry[]): string {
  return `# bash completion of onepush: eval "$(onepush completion bash)"
_onepush() {
  local paths="${listOf(entries)}" known=""
  local valued="${valuedOf(entries)}"
  local current="\${COMP_WORDS[COMP_CWORD]}"
  local typed=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${PATH}
  # A value: perhaps the name of a file.
  [[ -n "$value" ]] && { COMPREPLY=(); return; }
  case "$at" in
${casesOf(entries)}
  esac
  COMPREPLY=($(compgen -W "$known" -- "$current"))
}
complete -o default -F _onepush onepush
`;
}

function zsh(entries: readonly CompletionEntry[]): string {
  return `#compdef onepush
# zsh completion of onepush: eval "$(onepush completion zsh)"
_onepush() {
  local valued="${valuedOf(entries)}"
  local paths="${listOf(entries)}" known="" prefix="\${words[CURRENT]}"
  local -a typed
  typed=("\${(@)words[2,CURRENT-1]}")
${PATH}
  [[ -n "$value" ]] && { _files; return; }
  case "$at" in
${casesOf(entries)}
  esac
  compadd -- \${=known}
  [[ "$prefix" == -* ]] || _files
}
compdef _onepush onepush
`;
}

function fish(entries: readonly CompletionEntry[]): string {
  const lines = entries.flatMap(({ path, subcommands, options, valued }) => {
    const words = path === '' ? [] : path.split(' ');
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none = subcommands.map(([word]) => word).join(' ');
    const when = [...seen, ...(none === '' ? [] : [`not __fish_seen_subcommand_from ${none}`])].join('; and ');
    return [
      ...subcommands.map(([word, says]) => `complete -c onepush -n '${when}' -f -a ${word} -d '${quoted(says)}'`),
      ...options.map((option) => {
        const at = seen.length > 0 ? seen.join('; and ') : 'true';
        return `complete -c onepush -n '${at}' -l ${option.slice(2)}${valued.includes(option) ? ' -r' : ''}`;
      }),
    ];
  });
  return `# fish completion of onepush: onepush completion fish | source\n${lines.join('\n')}\n`;
}

const quoted = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
