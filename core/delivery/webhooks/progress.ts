import { OnePushError } from '../../../common/errors.js';
import { describeError, type Logger } from '../../../common/logs/log.js';
import { StoreUnavailable, type WebhookProgress } from '../../store/store.js';
import type { WriteCycle } from '../writer/write-cycle.js';

/**
 * Commits how far webhooks have come, about once a second all together. What a crash loses of it is told again. What
 * cannot be committed waits.
 */
export interface ProgressKeeper {
  /** Notes progress, which takes the place of what was noted before; `isNews` false: it may wait for long. */
  note(progress: WebhookProgress, isNews: boolean): void;
  /** Commits progress and what was noted before of that webhook, at once. Rejects if that fails: it is tried again. */
  keep(progress: WebhookProgress): Promise<void>;
  /** Forgets a webhook that is gone. */
  forget(num: number): void;
  /** Commits all that was noted, once. */
  stop(): Promise<void>;
}

/** Milliseconds within which progress is committed; of one that tells of nothing. */
export const KEEP_MS = 1000;
const KEEP_QUIET_MS = 30_000;
/** Webhooks whose progress one transaction keeps: everything else waits for it. */
const MAX_AT_ONCE = 500;

/** Returns a keeper to which nothing was noted. */
export function createProgressKeeper(options: {
  /** Asked once something is to be committed. */
  cycle: () => Pick<WriteCycle, 'execute' | 'commands'>;
  /** Told of dead letters that had to go for newer ones. */
  dropped: (count: number) => void;
  log: Logger;
  keepMs?: number;
}): ProgressKeeper {
  const { dropped, log, keepMs = KEEP_MS } = options;
  const noted = new Map<number, WebhookProgress>();
  let timer: { readonly handle: NodeJS.Timeout; readonly dueAt: number } | undefined;
  let isStopped = false;

  function arm(ms: number): void {
    const dueAt = performance.now() + ms;
    if (isStopped || (timer !== undefined && timer.dueAt <= dueAt)) return;
    clearTimeout(timer?.handle);
    timer = { handle: setTimeout(flush, ms), dueAt };
  }

  /** Commits what was noted of webhooks; puts it back under what was noted since, where that fails. */
  async function commit(nums: readonly number[]): Promise<void> {
    const progress = nums.flatMap((num) => noted.get(num) ?? []);
    if (progress.length === 0) return;
    for (const { num } of progress) noted.delete(num);
    try {
      const cycle = options.cycle();
      dropped(await cycle.execute(cycle.commands.keepWebhookProgress, progress));
    } catch (error) {
      for (const each of progress) noted.set(each.num, joined(each, noted.get(each.num)));
      arm(keepMs);
      const isPassing = error instanceof StoreUnavailable || error instanceof OnePushError;
      if (isPassing || progress.length === 1) throw error;
      // The store refuses one of them for what it is: the others do not wait for it.
      const middle = Math.ceil(progress.length / 2);
      const halves = [progress.slice(0, middle), progress.slice(middle)];
      for (const half of halves) await commit(half.map(({ num }) => num)).catch(notKept);
    }
  }

  function notKept(error: unknown): void {
    log.debug(describeError(error), 'webhooks: progress is not kept yet');
  }

  async function flush(): Promise<void> {
    timer = undefined;
    const nums = [...noted.keys()];
    while (nums.length > 0) await commit(nums.splice(0, MAX_AT_ONCE)).catch(notKept);
  }

  function add(progress: WebhookProgress): void {
    const earlier = noted.get(progress.num);
    noted.set(progress.num, earlier === undefined ? progress : joined(earlier, progress));
  }

  return {
    note(progress, isNews) {
      add(progress);
      arm(isNews ? keepMs : KEEP_QUIET_MS);
    },
    keep(progress) {
      add(progress);
      return commit([progress.num]);
    },
    forget: (num) => void noted.delete(num),
    async stop() {
      isStopped = true;
      clearTimeout(timer?.handle);
      await flush();
    },
  };
}

function joined(earlier: WebhookProgress, later: WebhookProgress | undefined): WebhookProgress {
  if (later === undefined) return earlier;
  return {
    ...later,
    dead: [...earlier.dead, ...later.dead],
    taken: [...earlier.taken, ...later.taken],
    refused: [...earlier.refused, ...later.refused],
  };
}
