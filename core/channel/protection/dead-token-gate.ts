/**
 * The gate before dead tokens of one credential: with a wrong key, project or bundle vendors call every token dead, and
 * that must not cost an app its tokens.
 */
export interface DeadTokenGate {
  /** The vendor has taken a message. */
  succeeded(): void;
  /**
   * The vendor calls a token dead. `passes`: believe it. `held`: it is as likely the credential; `suspect`: so are
   * nearly all of the last answers, and the credential is to be taken for failing.
   */
  dead(): 'passes' | 'held' | 'suspect';
}

/** Number of last answers that are looked at. */
const WINDOW = 50;
/** With fewer answers nothing is a share. */
const LEAST = 20;
/** Share of dead tokens among the last answers, from which on the credential is the more likely cause. */
const SUSPECT_SHARE = 0.9;

/** Returns a gate that is shut: it opens with the first success. */
export function createDeadTokenGate(): DeadTokenGate {
  let isOpen = false;
  /** The last answers, true for dead tokens. */
  let answers: boolean[] = [];

  function note(isDead: boolean): void {
    answers.push(isDead);
    if (answers.length > WINDOW) answers.shift();
  }

  return {
    succeeded() {
      isOpen = true;
      note(false);
    },
    dead() {
      note(true);
      const dead = answers.filter(Boolean).length;
      if (answers.length >= LEAST && dead >= answers.length * SUSPECT_SHARE) {
        isOpen = false;
        answers = [];
        return 'suspect';
      }
      return isOpen ? 'passes' : 'held';
    },
  };
}
