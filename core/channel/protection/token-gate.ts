/**
 * The gate before refused tokens of one credential: with a wrong key, project or bundle vendors refuse every token, and
 * that must not cost an app its tokens.
 */
export interface TokenGate {
  /** The vendor has taken a message. */
  succeeded(): void;
  /**
   * The vendor says that a token is dead, or not of this credential. `passes`: believe it. `held`: it is as likely the
   * credential; `suspect`: the same, and nearly all of the last answers were that.
   */
  refused(): 'passes' | 'held' | 'suspect';
}

/** Number of last answers that are looked at. */
const WINDOW = 50;
/** With fewer answers nothing is a share. */
const LEAST = 20;
/** Share of refused tokens among the last answers, from which on the credential is the more likely cause. */
const SUSPECT_SHARE = 0.9;

/** Returns a gate that is shut: it opens with the first success. */
export function createTokenGate(): TokenGate {
  let isOpen = false;
  /** The last answers, true for refused tokens. */
  let answers: boolean[] = [];

  function note(isRefused: boolean): void {
    answers.push(isRefused);
    if (answers.length > WINDOW) answers.shift();
  }

  return {
    succeeded() {
      isOpen = true;
      note(false);
    },
    refused() {
      note(true);
      const refused = answers.filter(Boolean).length;
      if (answers.length >= LEAST && refused >= answers.length * SUSPECT_SHARE) {
        isOpen = false;
        answers = [];
        return 'suspect';
      }
      return isOpen ? 'passes' : 'held';
    },
  };
}
