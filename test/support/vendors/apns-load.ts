import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel } from '../../../core/channel/channel.js';
import type { WakeOutcome } from '../../../core/domain/wake.js';
import { apnsRefusal, apnsToken, type FakeApns } from './apns.js';

/** The end of a load. */
export interface ApnsLoad {
  /** Messages by the number of times that APNs took them. */
  readonly taken: Readonly<Record<number, number>>;
  /** Tokens that were reported dead, and those that are. */
  readonly dead: { readonly reported: number; readonly right: number; readonly expected: number };
  /** Answers that told to slow down. */
  readonly throttled: number;
  /** All other outcomes but `accepted`. */
  readonly unexpected: readonly WakeOutcome[];
  /** Connections that were made. */
  readonly connections: number;
  readonly seconds: number;
}

const DEAD = 7;
const THROTTLED = 13;
/** Messages under way: on a slow machine they become fewer a second, and none takes longer than its time-out. */
const CONCURRENT = 100;
/** Pause between two lots of messages, in milliseconds. */
const LOT_MS = 10;

/**
 * Sends messages at a rate through one credential, each to a device of its own, while 1% of the tokens are dead, 1% get
 * a 429 first, and APNs says goodbye on all connections each second: with and without requests that it does not
 * process, once and twice. As a caller does, it bounds what is under way, and sends what is throttled again in its time.
 */
export async function loadApns(
  vendor: FakeApns,
  channel: Channel,
  { wakes, perSecond }: { readonly wakes: number; readonly perSecond: number },
): Promise<ApnsLoad> {
  const unexpected: WakeOutcome[] = [];
  const reported: number[] = [];
  const throttledOnce = new Set<string>();
  let throttled = 0;
  let underWay = 0;
  vendor.answerBy((_token, id) => {
    const rest = Number(id) % 100;
    if (rest === DEAD) return apnsRefusal(410, 'Unregistered', { timestamp: 1_700_000_000_000 });
    if (rest !== THROTTLED || throttledOnce.has(id)) return undefined;
    throttledOnce.add(id);
    const refusal = apnsRefusal(429, 'TooManyRequests');
    return Number(id) % 200 < 100 ? refusal : { ...refusal, headers: { 'retry-after': '1' } };
  });
  // So that each goodbye finds requests under way.
  vendor.server.always({ kind: 'late', ms: 20 });

  async function wake(number: number): Promise<void> {
    const id = String(number);
    const expiresAt = Date.now() + 3_600_000;
    const message = { id, appId: 'load', kind: 'ALERT', key: id, body: 'Text', priority: 'NORMAL', expiresAt } as const;
    underWay += 1;
    const outcome = await channel.send({ token: apnsToken(number) }, message);
    underWay -= 1;
    if (outcome.kind === 'token_dead') reported.push(number);
    else if (outcome.kind === 'retry' && outcome.scope === 'token') {
      throttled += 1;
      await sleep(outcome.afterMs ?? 100);
      await wake(number);
    } else if (outcome.kind !== 'accepted') unexpected.push(outcome);
  }

  let goodbyes = 0;
  const goodbye = setInterval(() => {
    goodbyes += 1;
    vendor.server.forget();
    vendor.server.goAway({ unprocessed: goodbyes % 2 === 0 ? 5 : 0, twice: goodbyes % 4 > 1 });
  }, 1000);
  const begun = performance.now();
  const all: Promise<void>[] = [];
  while (all.length < wakes) {
    const due = Math.min(wakes, ((performance.now() - begun) / 1000) * perSecond);
    while (all.length < due && underWay < CONCURRENT) all.push(wake(all.length));
    await sleep(LOT_MS);
  }
  await Promise.all(all);
  clearInterval(goodbye);
  vendor.server.always(undefined);

  const taken: Record<number, number> = {};
  for (const count of vendor.received.values()) taken[count] = (taken[count] ?? 0) + 1;
  return {
    taken,
    dead: {
      reported: reported.length,
      right: new Set(reported.filter((number) => number % 100 === DEAD)).size,
      expected: Math.floor((wakes + 99 - DEAD) / 100),
    },
    throttled,
    unexpected,
    connections: vendor.server.connections,
    seconds: (performance.now() - begun) / 1000,
  };
}
