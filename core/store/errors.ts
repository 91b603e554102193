import { OnePushError } from '../../common/errors.js';

/** The store cannot be reached, or gave up on a transaction that another may win: try again later. */
export class StoreUnavailable extends OnePushError {
  override name = 'StoreUnavailable';

  /**
   * @param code what the database says, for the log
   * @param hint for people, where the code does not say it; callers see it
   */
  constructor(
    readonly code: string,
    hint?: string,
  ) {
    super('STORE_UNAVAILABLE', { hint });
  }
}

/** Returns true if the database gave a statement up because it took too long: it would again. */
export function isTimeLimit(error: unknown): boolean {
  return error instanceof StoreUnavailable && TIME_LIMITS.has(error.code);
}

/** Codes of MariaDB and of MySQL. */
const TIME_LIMITS: ReadonlySet<string> = new Set(['ER_STATEMENT_TIMEOUT', 'ER_QUERY_TIMEOUT']);

/**
 * A commit of which it is not known whether it took place: no answer came. Nothing else is committed before
 * `resolveDoubt` has found out.
 */
export class CommitInDoubt extends StoreUnavailable {
  override name = 'CommitInDoubt';

  /** @param result what the commit comes to, if it took place */
  constructor(
    code: string,
    readonly result: unknown,
  ) {
    super(code);
  }
}

/** Another core has taken the database over: this one commits nothing any more. */
export class Fenced extends StoreUnavailable {
  override name = 'Fenced';

  constructor() {
    super('FENCED');
  }
}
