import { createPeriodic } from '../../delivery/upkeep/periodic.js';
import type { WriteCycle } from '../../delivery/writer/write-cycle.js';
import type { AuditEntry } from '../../domain/access.js';

/**
 * Gathers what is written once in a while, so that no call waits for it: when keys and tokens were used last, and how
 * often a key made changes of which the audit log has only the number. A crash loses what was gathered.
 */
export interface UseLog {
  /** A key of an app was used. Hot: one entry in a set. */
  key(num: number): void;
  /** An admin token was used. */
  token(num: number): void;
  /** A change was made of which only the number is kept. */
  counted(entry: AuditEntry): void;
  /** Begins to write once a minute what has gathered. */
  start(): void;
  /** Has everything written that has gathered. Never rejects: what fails is gathered again. */
  flush(): Promise<void>;
  /** Writes for the last time. */
  stop(): Promise<void>;
}

/** Milliseconds between two times at which it is written. */
const INTERVAL = 60_000;
/** Keys that one transaction marks. */
const KEYS_PER_COMMIT = 500;
/** Kinds of changes that are counted at a time; those beyond are not. */
const MAX_COUNTED = 10_000;

/** Returns an empty one. */
export function createUseLog(cycle: Pick<WriteCycle, 'execute' | 'commands'>, now: () => number = Date.now): UseLog {
  let keys = new Set<number>();
  let tokens = new Set<number>();
  let counts = new Map<string, { entry: AuditEntry; count: number }>();

  function count(entry: AuditEntry, more: number): void {
    const kind = JSON.stringify([entry.actor, entry.appId, entry.method]);
    const known = counts.get(kind);
    if (known !== undefined) known.count += more;
    else if (counts.size < MAX_COUNTED) counts.set(kind, { entry, count: more });
  }

  async function flushUses(): Promise<void> {
    const at = now();
    const [used, shown] = [[...keys], [...tokens]];
    keys = new Set();
    tokens = new Set();
    for (let start = 0; start < Math.max(used.length, shown.length); start += KEYS_PER_COMMIT) {
      const part = <T>(all: readonly T[]): readonly T[] => all.slice(start, start + KEYS_PER_COMMIT);
      const uses = { at, keys: part(used), tokens: part(shown) };
      await cycle.execute(cycle.commands.keepUses, uses).catch(() => {
        for (const num of uses.keys) keys.add(num);
        for (const num of uses.tokens) tokens.add(num);
      });
    }
  }

  async function flushCounts(): Promise<void> {
    const gathered = counts;
    counts = new Map();
    for (const { entry, count: number } of gathered.values()) {
      const summed = { ...entry, target: `${number} ${number === 1 ? 'call' : 'calls'}` };
      await cycle.execute(cycle.commands.keepAudit, undefined, summed).catch(() => count(entry, number));
    }
  }

  async function flush(): Promise<void> {
    await flushUses();
    await flushCounts();
  }

  const periodic = createPeriodic(INTERVAL, flush);
  return {
    key(num) {
      keys.add(num);
    },
    token(num) {
      tokens.add(num);
    },
    counted: (entry) => count(entry, 1),
    start: periodic.start,
    flush,
    async stop() {
      await periodic.stop();
      await flush();
    },
  };
}
