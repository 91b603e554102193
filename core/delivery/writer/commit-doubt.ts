import { describeError, type Logger } from '../../../common/logs/log.js';
import { CommitInDoubt, type CoreOwnership, Fenced } from '../../store/store.js';

/** A commit whose answer did not come. Nothing is committed after it before it is known whether it took place. */
export interface CommitDoubt {
  /** Returns true while it is not known what became of the last commit. */
  isOpen(): boolean;
  /**
   * Notes that a commit has failed; if it is in doubt, what is to be done once that is known.
   *
   * @param resolve called once if it is in doubt: whether the commit took place, and what it came to then
   * @returns whether it is
   */
  note(error: unknown, resolve: (committed: boolean, result: unknown) => void): boolean;
  /** Finds out what became of it. False: that cannot be known now. */
  clear(): Promise<boolean>;
}

/** @param fenced called once, when another core has taken over: nothing can be committed any more */
export function createCommitDoubt(options: {
  store: Pick<CoreOwnership, 'resolveDoubt'>;
  fenced: () => void;
  log: Logger;
}): CommitDoubt {
  const { store, fenced, log } = options;
  let open: ((committed: boolean) => void) | undefined;
  let isFenced = false;

  function replaced(): void {
    if (isFenced) return;
    isFenced = true;
    fenced();
  }

  return {
    isOpen: () => open !== undefined,
    note(error, resolve) {
      if (error instanceof Fenced) replaced();
      if (!(error instanceof CommitInDoubt)) return false;
      open = (committed) => resolve(committed, error.result);
      return true;
    },
    async clear() {
      if (isFenced) return false;
      if (open === undefined) return true;
      try {
        const committed = await store.resolveDoubt();
        log.info({ committed }, 'the doubt about the last commit is cleared');
        const resolve = open;
        open = undefined;
        resolve(committed);
        return true;
      } catch (error) {
        if (error instanceof Fenced) replaced();
        log.debug(describeError(error), 'the store is still not available');
        return false;
      }
    },
  };
}
