import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { apnsRefusal } from '../support/vendors/apns.js';
import { createChecker, reachEveryone } from './checker.js';
import { isFastAsleep } from './sleepers.js';
import type { WakingRow } from './table.js';
import type { WakingFault } from './waking-faults.js';
import { tokenAt, type WakingRig } from './waking-rig.js';

const WARM_UP = 1500;
/** What a device says is known to the core, and an answer of the vendor's kept, within so many milliseconds. */
const MARGIN = 4000;
/** Of so many wakes one is answered 429, and of so many one is not answered at all. */
const THROTTLED = 25;
const SILENT = 40;
/** Time that the vendor takes, so that some wakes are under way whenever a fault strikes. */
const ANSWER_MS = 50;
const WOKEN_WITHIN = 45_000;
const RECOVERED_WITHIN = 60_000;

/** A time in which a fault struck. */
interface Strike {
  readonly from: number;
  readonly until: number;
  readonly loses: WakingFault['loses'];
}

/** A request that the vendor got. */
interface Asked {
  /** Time of `performance.now()`. */
  readonly at: number;
  readonly answer: 'taken' | 'refused' | 'none';
}

type Counts = Pick<WakingRow, 'accepted' | 'delivered' | 'wakes' | 'again' | 'twice' | 'late'>;

/**
 * Lets one fault after the other strike while devices come and go. Resolves with a row for each, and with all that broke
 * a promise, in words.
 */
export async function tryWakes(
  rig: WakingRig,
  faults: readonly WakingFault[],
): Promise<{ rows: Omit<WakingRow, 'store'>[]; problems: string[] }> {
  const { stack, vendor, devices, load, sleepers } = rig;
  const checker = createChecker(rig);
  const placeOf = new Map(devices.map((_, place) => [tokenAt(place), place]));
  const strikes: Strike[] = [];
  const problems: string[] = [];
  /** All requests that the vendor got, by message and token. */
  const asked = new Map<string, Asked[]>();
  let requests = 0;
  let before: Counts = { accepted: 0, delivered: 0, wakes: 0, again: 0, twice: 0, late: 0 };
  /** What is among the problems already. */
  const told = new Set<string>();

  vendor.answerBy((token, id) => {
    requests++;
    const answer = requests % SILENT === 0 ? 'none' : requests % THROTTLED === 0 ? 'refused' : 'taken';
    const key = `${id} ${token}`;
    asked.set(key, [...(asked.get(key) ?? []), { at: performance.now(), answer }]);
    if (answer === 'none') return 'silence';
    return answer === 'refused' ? apnsRefusal(429, 'TooManyRequests') : undefined;
  });
  vendor.server.always({ kind: 'late', ms: ANSWER_MS });

  /** The vendor may have woken by it, and the core cannot know. */
  const isDoubtful = ({ at, answer }: Asked): boolean =>
    answer === 'none' ||
    strikes.some(({ from, until, loses }) => loses === 'answers' && at > from - MARGIN && at < until);

  /** Time by which the core must know what a device has said; undefined: it may have been lost. */
  function knownAt(saidAt: number): number | undefined {
    const during = strikes.find(({ from, until }) => saidAt > from - MARGIN && saidAt < until);
    if (during?.loses === 'acknowledgements') return undefined;
    return (during?.until ?? saidAt) + MARGIN;
  }

  function complain(what: string, key: string): void {
    if (told.has(`${what} ${key}`)) return;
    told.add(`${what} ${key}`);
    const push = load.tally.accepted.get(Number.parseInt(key, 10));
    const kind = push && `${push.directed ? 'directed' : 'topic'}${push.needConfirm ? ', to confirm' : ''}`;
    problems.push(
      `${what} (${kind}): ${key} at ${asked.get(key)?.map(({ at, answer }) => `${Math.round(at)} (${answer})`)}`,
    );
  }

  function count(): Counts {
    const counts = { accepted: load.tally.accepted.size, delivered: 0, wakes: 0, again: 0, twice: 0, late: 0 };
    for (const { ledger } of devices) counts.delivered += ledger.count();
    for (const [key, wakes] of asked) {
      const [id, token = ''] = key.split(' ');
      const taken = wakes.filter(({ answer }) => answer !== 'refused').length;
      counts.wakes += wakes.length;
      if (taken > (wakes.some(isDoubtful) ? 2 : 1)) {
        counts.twice++;
        complain('woken twice', key);
      } else if (taken > 1) counts.again++;
      const saidAt = devices[placeOf.get(token) ?? -1]?.ledger.settledAt(Number(id));
      const known = saidAt === undefined ? undefined : knownAt(saidAt);
      if (saidAt === undefined || known === undefined || wakes.every(({ at }) => at < known)) continue;
      counts.late++;
      complain(`woken for what was acknowledged at ${Math.round(saidAt)}`, key);
    }
    return counts;
  }

  /** Directed messages that devices which are away have not got, and for which the vendor was not asked. */
  function forgotten(): string[] {
    return sleepers.asleep().flatMap((place) =>
      [...load.tally.accepted].flatMap(([pushId, { members, directed }]) => {
        const isMissing = directed && members.includes(place) && !devices[place]?.ledger.has(pushId);
        return isMissing && !asked.has(`${pushId} ${tokenAt(place)}`) ? [`${pushId} ${tokenAt(place)}`] : [];
      }),
    );
  }

  /** Resolves when these devices are connected and have a push to everyone. */
  async function recovered(those: WakingRig['devices']): Promise<void> {
    await eventually(() => those.every((device) => device.isOpen()), { timeoutMs: RECOVERED_WITHIN });
    await reachEveryone({ ...rig, devices: those }, RECOVERED_WITHIN);
  }

  async function tryFault(fault: WakingFault): Promise<Omit<WakingRow, 'store' | 'lost'>> {
    load.start();
    sleepers.start();
    await sleep(WARM_UP);
    const from = performance.now();
    await fault.strike(rig);
    await stack.waitUntilReady();
    strikes.push({ from, until: performance.now(), loses: fault.loses });
    await sleep(WARM_UP);
    await load.pause();
    await sleepers.stop();

    const over = performance.now();
    await eventually(() => forgotten().length === 0, { timeoutMs: WOKEN_WITHIN }).catch(() => {});
    const seconds = (performance.now() - over) / 1000;
    const notWoken = forgotten();
    for (const key of notWoken) complain('not woken', key);
    sleepers.wake();
    await recovered(devices.filter((_, place) => !isFastAsleep(place)));
    const [now, last] = [count(), before];
    before = now;
    const since = { ...now };
    const names = Object.keys(now) as (keyof Counts)[]; // Safe: it has no other members.
    for (const name of names) since[name] -= last[name];
    return { fault: fault.name, ...since, notWoken: notWoken.length, seconds };
  }

  const rows: (Omit<WakingRow, 'store' | 'lost'> & { through: number })[] = [];
  for (const fault of faults)
    rows.push({ ...(await tryFault(fault)), through: Math.max(...load.tally.accepted.keys()) });
  sleepers.wakeAll();
  await recovered(devices);
  const lost = await checker.settle();
  for (const { pushId, place } of lost) complain('lost', `${pushId} ${tokenAt(place)}`);
  // What was sent after the last row.
  count();
  const lostBetween = (after: number, through: number): number =>
    lost.filter(({ pushId }) => pushId > after && pushId <= through).length;
  return {
    rows: rows.map(({ through, ...row }, index) => {
      return { ...row, lost: lostBetween(rows[index - 1]?.through ?? 0, through) };
    }),
    problems,
  };
}
