/** A command as completion knows it: its words, its options, and the words that may follow. */
export interface CompletionEntry {
  /** Words behind `onepush`; empty: the command itself. */
  readonly path: string;
  /** Subcommands with their summaries. */
  readonly subcommands: readonly (readonly [string, string])[];
  /** Long options, such as `--alias`. */
  readonly options: readonly string[];
  /** Those of them that are followed by a value. */
  readonly valued: readonly string[];
}

interface Spec {
  readonly name: string;
  readonly summary: string;
  readonly args?: readonly { readonly choices?: readonly string[] }[];
  readonly options?: readonly { readonly flags: string }[];
}

interface Option {
  readonly flags: string;
}

const longOf = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? '';

/** Makes the table that the scripts are written of. */
export function toEntries(
  commands: readonly Spec[],
  groups: Readonly<Record<string, string>>,
  globals: readonly Option[],
): CompletionEntry[] {
  const toOptions = (own: readonly Option[]): Pick<CompletionEntry, 'options' | 'valued'> => {
    const all = [...own, { flags: '--json' }, ...globals, { flags: '--help' }];
    const valued = all.filter(({ flags }) => flags.includes('<'));
    return { options: all.map(({ flags }) => longOf(flags)), valued: valued.map(({ flags }) => longOf(flags)) };
  };
  const first = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [word = '', rest] = name.split(' ');
    if (!first.has(word)) first.set(word, rest === undefined ? summary : (groups[word] ?? ''));
  }
  const inner = [...first.keys()].flatMap((word): CompletionEntry[] => {
    const under = commands.filter(({ name }) => name.startsWith(`${word} `));
    if (under.length === 0) return [];
    const subcommands = under.map(({ name, summary }) => [name.slice(word.length + 1), summary] as const);
    return [{ path: word, subcommands, ...toOptions([]) }];
  });
  const leaves = commands.map(({ name, options = [], args = [] }) => ({
    path: name,
    subcommands: (args[0]?.choices ?? []).map((word) => [word, ''] as const),
    ...toOptions(options),
  }));
  return [{ path: '', subcommands: [...first], ...toOptions([{ flags: '--version' }]) }, ...inner, ...leaves];
}
