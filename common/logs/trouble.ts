import { describeError, type Logger } from './log.js';

/**
 * Logs a trouble that lasts: one line when it begins, or becomes another, and not one for each attempt that meets it.
 */
export interface TroubleLog {
  /** The trouble is there, or still there. */
  met(error: unknown): void;
  /** Returns whether there was one until now. */
  over(): boolean;
}

/** @param phrase what cannot be done */
export function createTroubleLog(log: Logger, phrase: string): TroubleLog {
  /** The kind of the trouble; undefined: there is none. */
  let trouble: unknown;
  return {
    met(error) {
      const described = describeError(error);
      const kind = described.code ?? described.error;
      log[kind === trouble ? 'debug' : 'warn'](described, phrase);
      trouble = kind;
    },
    over() {
      const was = trouble !== undefined;
      trouble = undefined;
      return was;
    },
  };
}
