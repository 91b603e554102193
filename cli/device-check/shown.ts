/** A message that the implementation says it has shown. */
export interface Shown {
  readonly id: string;
  /** Its text; undefined: the implementation has not told it. */
  readonly alert: string | undefined;
  /** The line as it came, if it has `extra`. */
  readonly extra: string | undefined;
}

/** All that was shown, in order. */
export interface ShownLog {
  /** Takes text of the implementation: parts of lines wait for the rest. */
  write(text: string): void;
  /** Takes a whole line. Ignores one that tells of no message. */
  line(text: string): void;
  /** Returns how often a message was shown. */
  count(id: string): number;
  /** Returns the ids that were shown, those of `among`, in the order of the showing. */
  order(among: readonly string[]): string[];
  /** Resolves when a message has been shown, or with undefined when it was not in time. */
  wait(id: string, withinMs: number): Promise<Shown | undefined>;
}

/** Longest line that is waited for, in UTF-16 code units. */
const MAX_LINE = 1_048_576;

/** Returns a log with nothing in it. */
export function createShownLog(): ShownLog {
  const all: Shown[] = [];
  const waiting = new Set<() => void>();
  let rest = '';

  function line(text: string): void {
    const shown = parseShown(text.trim());
    if (shown === undefined) return;
    all.push(shown);
    for (const look of [...waiting]) look();
  }

  return {
    line,
    write(text) {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE);
      lines.forEach(line);
    },
    count: (id) => all.filter((shown) => shown.id === id).length,
    order(among) {
      const wanted = new Set(among);
      return all.map(({ id }) => id).filter((id) => wanted.has(id));
    },
    wait(id, withinMs) {
      return new Promise((resolve) => {
        const timer = setTimeout(end, withinMs);
        timer.unref();
        function end(shown?: Shown): void {
          clearTimeout(timer);
          waiting.delete(look);
          resolve(shown);
        }
        function look(): void {
          const shown = all.find((one) => one.id === id);
          if (shown !== undefined) end(shown);
        }
        waiting.add(look);
        look();
      });
    },
  };
}

/** Returns what a line tells: an id, or an id and the text, or an object with `id`, and maybe `alert` and `extra`. */
function parseShown(line: string): Shown | undefined {
  const [, id, alert] = /^(\d+)(?:\s+(.*))?$/s.exec(line) ?? [];
  if (id !== undefined) return { id, alert, extra: undefined };
  if (!line.startsWith('{')) return undefined;
  try {
    const told = JSON.parse(line);
    if (typeof told.id !== 'string') return undefined;
    const extra = told.extra === undefined ? undefined : line;
    return { id: told.id, alert: typeof told.alert === 'string' ? told.alert : undefined, extra };
  } catch {
    return undefined;
  }
}
