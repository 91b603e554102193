/**
 * Turns of the event loop in which requests are read. An answer that is given in the turn in which its request was read
 * would make room for the next request of the same connection, which may lie in the same buffer with twenty thousand
 * others. Given afterwards, it finds the connection gone: uWebSockets closes one whose next request comes before the
 * answer.
 */
export interface Turns {
  /** Returns the number of the turn that is under way. */
  current(): number;
  /** Does the work once all that came in this turn has been read, and outside of any parser. */
  afterwards(work: () => void): void;
}

/** Returns the turns of the loop from now on. */
export function createTurns(): Turns {
  let number = 0;
  let isUnderWay = false;
  let waiting: (() => void)[] = [];

  function end(): void {
    number++;
    isUnderWay = false;
    const due = waiting;
    waiting = [];
    for (const work of due) work();
  }

  function current(): number {
    if (!isUnderWay) {
      isUnderWay = true;
      setImmediate(end);
    }
    return number;
  }

  return {
    current,
    afterwards(work) {
      current();
      waiting.push(work);
    },
  };
}
