import type { SessionReports } from '../link/session-reports.js';

/** Messages of the core up to one number, and how much of them devices have still to acknowledge. */
export interface Round {
  /** The number of the last of those messages of the core. */
  readonly number: number;
  /** The attachment in which they came. */
  readonly attachment: number;
  /** Number of messages that sockets were handed and have not acknowledged. */
  left: number;
  /** All of it is done. */
  isDone: boolean;
}

/** A topic push of a round. */
export interface Publication {
  /** The push. */
  readonly pushId: number;
  /** The round that it belongs to. */
  readonly round: Round;
  /** Number of devices that have received it and of which the core has not been told. */
  received: number;
}

/**
 * Tells the core how far devices have received what it sent, all of them together: it need not hear of each session
 * how far that has read its topics.
 */
export interface Rounds {
  /** Begins to do what the messages up to this number ask for. */
  begin(number: number): Round;
  /** All of it is done. */
  end(round: Round): void;
  /** A device has received a message of the round, or its socket has closed. */
  settled(round: Round): void;
  /** A device has received a topic push. Told at the end of the turn, of all devices together. */
  received(publication: Publication): void;
  /** The attachment is over: of its rounds nothing is told any more. */
  detached(): void;
}

/** So many rounds that are over are dropped at once. */
const DROPPED_AT_ONCE = 1024;

/** Returns rounds of the first attachment, of which there are none. */
export function createRounds(outbox: () => Pick<SessionReports, 'acknowledged' | 'published'>): Rounds {
  let attachment = 0;
  let open: Round[] = [];
  let head = 0;
  let untold: Publication[] = [];
  let telling: NodeJS.Immediate | undefined;

  function advance(): void {
    let last: Round | undefined;
    for (let round = open[head]; round?.isDone && round.left === 0; round = open[++head]) last = round;
    if (last === undefined) return;
    outbox().acknowledged(last.number);
    if (head < DROPPED_AT_ONCE && head < open.length) return;
    open = open.slice(head);
    head = 0;
  }

  function tell(): void {
    telling = undefined;
    for (const publication of untold) {
      outbox().published(publication.pushId, publication.received);
      publication.received = 0;
    }
    untold = [];
    // Only now: what is acknowledged is reported no more.
    advance();
  }

  return {
    begin(number) {
      const round = { number, attachment, left: 0, isDone: false };
      open.push(round);
      return round;
    },
    end(round) {
      round.isDone = true;
      if (telling === undefined) advance();
    },
    settled(round) {
      round.left--;
      if (telling === undefined && round.left === 0) advance();
    },
    received(publication) {
      if (publication.round.attachment !== attachment) return;
      if (publication.received++ > 0) return;
      untold.push(publication);
      telling ??= setImmediate(tell);
    },
    detached() {
      attachment++;
      open = [];
      head = 0;
      untold = [];
    },
  };
}
