/** A command as completion knows it: its words, its options, and the words that may follow. */
export interface CompletionEntry {
  /** Words behind `onepush`; empty: the command itself. */
  readonly path: string;
  /** Subcommands with their summaries. */
  readonly subcommands: readonly (readonly [string, string])[];
  /** Long options, such as `--alias`. */
  readonly options: readonly string[];
}

interface Spec {
  readonly name: string;
  readonly summary: string;
  readonly options?: readonly { readonly flags: string }[];
}

const longOf = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? '';

/** Makes the table that the scripts are written of. */
export function toEntries(
  commands: readonly Spec[],
  groups: Readonly<Record<string, string>>,
  globals: readonly { readonly flags: string }[],
): CompletionEntry[] {
  const general = ['--json', ...globals.map(({ flags }) => longOf(flags)), '--help'];
  const first = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [word = '', rest] = name.split(' ');
    if (!first.has(word)) first.set(word, rest === undefined ? summary : (groups[word] ?? ''));
  }
  const inner = [...first.keys()].flatMap((word): CompletionEntry[] => {
    const under = commands.filter(({ name }) => name.startsWith(`${word} `));
    if (under.length === 0) return [];
    const subcommands = under.map(({ name, summary }) => [name.slice(word.length + 1), summary] as const);
    return [{ path: word, subcommands, options: general }];
  });
  const leaves = commands.map(({ name, options = [] }) => ({
    path: name,
    subcommands: [],
    options: [...options.map(({ flags }) => longOf(flags)), ...general],
  }));
  return [{ path: '', subcommands: [...first], options: [...general, '--version'] }, ...inner, ...leaves];
}
