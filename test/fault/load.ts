import { setTimeout as sleep } from 'node:timers/promises';
import type { Population, Target } from './population.js';
import { type Answer, createSender, type Push } from './sender.js';

/** An accepted push: its answer was 200. */
export interface Accepted extends Pick<Push, 'members' | 'needConfirm'> {
  /** It was to users, not to a tag or everyone. */
  readonly directed: boolean;
}

/** What became of all sends so far. */
export interface Tally {
  /** By push id. */
  readonly accepted: ReadonlyMap<number, Accepted>;
  sent: number;
  refused: number;
  cut: number;
  /** How many were cut, by the system's code. */
  readonly cutBy: Map<string, number>;
  /** What a caller should never see, a sample. */
  readonly wrong: readonly string[];
}

/** Back ends that send all the time, whatever becomes of it. */
export interface Load {
  readonly tally: Tally;
  start(): void;
  /** One more send, by the way; what is accepted counts like the others. */
  send(push: Push): Promise<Answer>;
  /** Begins no more sends until the next start, and resolves when every one has been answered. */
  pause(): Promise<void>;
  /** Stops sending and resolves when every send has been answered. */
  stop(): Promise<void>;
}

const SENDERS = 6;
const TICK = 10;
/** More sends under way than this are not begun: each has a connection. */
const MAX_OPEN = 8000;
/** A send that has no answer after so many seconds hangs: it should have one after five, and some more on a busy machine. */
const HANGS_AFTER = 10;
const MAX_WRONG = 20;

export function createLoad(httpUrl: string, population: Population, sendsPerSecond: number): Load {
  const senders = Array.from({ length: SENDERS }, () => createSender(httpUrl));
  const accepted = new Map<number, Accepted>();
  const wrong: string[] = [];
  const tally: Tally = { accepted, wrong, sent: 0, refused: 0, cut: 0, cutBy: new Map() };
  const standstill = watchStandstill();
  let open = 0;
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;

  function complain(what: string): void {
    if (wrong.length < MAX_WRONG) wrong.push(what);
  }

  async function send(push: Push): Promise<Answer> {
    const sender = senders[turn++ % SENDERS];
    if (sender === undefined) throw new Error('a load needs senders');
    open++;
    tally.sent++;
    const stoodBefore = standstill.seconds();
    const answer = await sender.send(push);
    open--;
    const seconds = answer.seconds - (standstill.seconds() - stoodBefore);
    if (seconds > HANGS_AFTER) complain(`answered after ${seconds.toFixed(1)} s (${answer.kind})`);
    if (answer.kind === 'accepted') {
      if (accepted.has(answer.pushId)) complain(`two pushes have the id ${answer.pushId}`);
      const { members, needConfirm } = push;
      const directed = push.audienceType === 'ALIAS' && push.audiences !== 'ALL';
      accepted.set(answer.pushId, { members, needConfirm, directed });
    } else if (answer.kind === 'refused') tally.refused++;
    else if (answer.kind === 'wrong') complain(answer.what);
    else {
      tally.cut++;
      tally.cutBy.set(answer.code, (tally.cutBy.get(answer.code) ?? 0) + 1);
    }
    return answer;
  }

  /** Mostly to users, some to tags, a few to everyone; of each kind some must be confirmed. */
  function next(): Push {
    const needConfirm = turn % 3 === 0;
    const pick = (targets: readonly Target[]): Target => {
      const target = targets[Math.floor(Math.random() * targets.length)];
      if (target === undefined) throw new Error('nobody to send to');
      return target;
    };
    if (turn % 250 === 0) return { ...population.everyone, needConfirm: turn % 500 === 0 };
    return { ...pick(turn % 25 === 0 ? population.tags : population.users), needConfirm };
  }

  async function pause(): Promise<void> {
    clearInterval(timer);
    while (open > 0) await sleep(TICK);
  }

  return {
    tally,
    send,
    pause,
    start() {
      let due = performance.now();
      timer = setInterval(() => {
        // After a long turn of the loop, what was missed is not caught up with in one burst.
        due = Math.max(due, performance.now() - 50 * TICK);
        for (; due <= performance.now() && open < MAX_OPEN; due += 1000 / sendsPerSecond) void send(next());
      }, TICK);
    },
    async stop() {
      await pause();
      standstill.stop();
      for (const sender of senders) sender.stop();
    },
  };
}

/**
 * How long this process did nothing though it should have: on a busy machine it is the caller that is late, not the
 * answer.
 */
function watchStandstill(): { seconds(): number; stop(): void } {
  let total = 0;
  let last = performance.now();
  const look = (): void => {
    total += Math.max(0, performance.now() - last - 2 * TICK);
    last = performance.now();
  };
  const timer = setInterval(look, TICK);
  return {
    seconds() {
      look();
      return total / 1000;
    },
    stop: () => clearInterval(timer),
  };
}
