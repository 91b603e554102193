import { PLATFORMS, type Platform, type PlatformFilter } from '../../core/domain/device.js';

/** Who a push of the model is for; devices, aliases and tags by number. */
export type Target =
  | { kind: 'alias'; alias: number }
  | { kind: 'device'; device: number }
  | { kind: 'tags'; tags: readonly number[] }
  | { kind: 'everyone' };

/** A push: sent from `from` on, committed at the latest at `to` if it was at all. */
export interface Sent {
  index: number;
  target: Target;
  platform: PlatformFilter;
  needConfirm: boolean;
  expiresAt: number;
  from: number;
  /** Infinity until it is answered, or its core killed. */
  to: number;
  /** Undefined: its sender was never told. */
  id: number | undefined;
  /** From when to when it was recalled. */
  recalled: { from: number; to: number } | undefined;
}

/** One open socket of a device. */
export interface Connection {
  device: number;
  opened: number;
  /** When it was known whose it is; undefined: it may not have been announced to the core, or not again. */
  known: number | undefined;
  ids: number[];
  pushes: Set<Sent>;
}

/**
 * What a device was registered as, from `from` (when it was asked for) to the next state's `to` (when that was
 * answered).
 */
interface State {
  alias: number | undefined;
  tags: readonly number[];
  from: number;
  to: number;
}

/** A promise of the service that was broken. */
export class Broken extends Error {}

/**
 * The promises about delivery, as simply as they can be said. Time is a counter of what happened. What was under way at
 * the same time may have happened in either order: the model takes both for right.
 */
export interface Model {
  tick(): number;
  platformOf(device: number): Platform;
  registered(device: number, alias: number, tags: readonly number[], from: number): void;
  unregistered(device: number, from: number): void;
  isRegistered(device: number): boolean;
  readonly sent: Sent[];
  connected(device: number): Connection;
  received(connection: Connection, push: Sent, id: number, now: number, wasLate: boolean): void;
  /** The edge knows that the device has the first so many messages of the connection. */
  acknowledged(connection: Connection, count: number): void;
  /**
   * `counts`: whether it is known whose the socket is; what a socket confirms that closes before it is known may be
   * forgotten.
   */
  confirmed(device: number, push: Sent, counts: () => boolean): void;
  /**
   * A process was killed or a link cut: what was not reported may be repeated, and a killed edge forgets confirmations.
   */
  disturbed(what: 'edge' | 'other'): void;
  /** The link is there again, and nothing is under way. */
  calm(): void;
  /** Whether the socket should have been closed by now: it was another user's of the device. */
  isOutdated(connection: Connection): boolean;
  /** What a device that is connected in the end must have, at the latest on its last socket. */
  check(last: Connection, now: number): void;
}

export function createModel(): Model {
  let time = 0;
  const states = new Map<number, State[]>();
  /** When what waited for a device was discarded. */
  const afresh = new Map<number, { from: number; to: number }[]>();
  const receipts = new Map<string, { first: number; isAcknowledged: boolean }>();
  const confirmations = new Map<string, { at: number; counts: () => boolean }[]>();
  const disturbances: { until: number; what: 'edge' | 'other' }[] = [];
  const sent: Sent[] = [];
  const key = (device: number, push: Sent): string => `${device}:${push.index}`;
  const platformOf = (device: number): Platform => PLATFORMS[device % PLATFORMS.length] ?? 'WEB';
  const tick = (): number => ++time;

  function change(device: number, alias: number | undefined, tags: readonly number[], from: number): void {
    const known = states.get(device) ?? [];
    const before = known.at(-1);
    const to = tick();
    if (before !== undefined && before.alias !== alias) {
      afresh.set(device, [...(afresh.get(device) ?? []), { from, to }]);
    }
    states.set(device, [...known, { alias, tags, from, to }]);
  }

  /**
   * Whether the device was in the push's audience, for each of the states that it may have had when the push was
   * committed. Those in which it was somebody else's when a socket was opened at `opened` do not count.
   */
  function belonged(device: number, push: Sent, opened = 0): boolean[] {
    if (push.platform !== 'ALL' && push.platform !== platformOf(device)) return [false];
    const since = afresh.get(device)?.findLast(({ to }) => to < opened)?.to ?? 0;
    const known = (states.get(device) ?? []).filter(({ to }) => to >= since);
    const answers = known.flatMap((state, index) => {
      const until = known[index + 1]?.to ?? Number.POSITIVE_INFINITY;
      return state.from <= push.to && until >= push.from ? [isFor(push.target, device, state)] : [];
    });
    const first = known[0];
    return first === undefined || first.to >= push.from ? [...answers, false] : answers;
  }

  /** Undefined: it is not confirmed, or nobody could know by whom. */
  function confirmedAt(device: number, push: Sent): number | undefined {
    return confirmations.get(key(device, push))?.find(({ counts }) => counts())?.at;
  }

  function fail(rule: string, device: number, push: Sent): never {
    throw new Broken(`${rule}: push ${push.index} (${push.id ?? 'unanswered'}), device ${device}`);
  }

  const since = (at: number, what?: 'edge'): boolean =>
    disturbances.some((one) => one.until >= at && (what === undefined || one.what === what));

  return {
    tick,
    platformOf,
    sent,
    registered: (device, alias, tags, from) => change(device, alias, tags, from),
    unregistered: (device, from) => change(device, undefined, [], from),
    isRegistered: (device) => states.get(device)?.at(-1)?.alias !== undefined,
    connected: (device) => ({ device, opened: tick(), known: undefined, ids: [], pushes: new Set() }),
    disturbed(what) {
      disturbances.push({ until: Number.POSITIVE_INFINITY, what });
    },
    calm() {
      for (const one of disturbances) one.until = Math.min(one.until, tick());
    },
    confirmed(device, push, counts) {
      const at = tick();
      if (!push.needConfirm || !belonged(device, push).every(Boolean)) return;
      const earlier = confirmations.get(key(device, push)) ?? [];
      confirmations.set(key(device, push), [...earlier, { at, counts }]);
    },

    received(connection, push, id, now, wasLate) {
      const { device, opened } = connection;
      const at = tick();
      push.id ??= id;
      if (push.id !== id) fail(`came with id ${id}`, device, push);
      if (!belonged(device, push, opened).some(Boolean)) fail('came to a device that it was not for', device, push);
      const last = connection.ids.at(-1);
      if (last !== undefined && last >= id) fail(`came after ${last} on one socket`, device, push);
      for (const { from, to } of afresh.get(device) ?? []) {
        if (push.to < from && opened > to) fail('came to a device that has changed hands since', device, push);
      }
      const earlier = receipts.get(key(device, push));
      // A live edge remembers what it has delivered, but of topics only for as long as the socket is open.
      const excuse = push.target.kind === 'alias' || push.target.kind === 'device' ? 'edge' : undefined;
      if (earlier?.isAcknowledged && !push.needConfirm && !since(earlier.first, excuse))
        fail('came twice', device, push);
      const confirmed = confirmedAt(device, push);
      if (confirmed !== undefined && opened > confirmed && !since(confirmed, 'edge'))
        fail('came again after it was confirmed', device, push);
      if (now >= push.expiresAt && !wasLate) fail('came after it had expired', device, push);
      if (push.recalled !== undefined && opened > push.recalled.to) fail('came after it was recalled', device, push);
      receipts.set(key(device, push), earlier ?? { first: at, isAcknowledged: false });
      connection.ids.push(id);
      connection.pushes.add(push);
    },

    acknowledged({ device, pushes }, count) {
      for (const push of [...pushes].slice(0, count)) {
        const receipt = receipts.get(key(device, push));
        if (receipt !== undefined) receipt.isAcknowledged = true;
      }
    },

    isOutdated: ({ device, known }) =>
      known !== undefined && (afresh.get(device)?.some(({ from }) => from > known) ?? false),

    check(last, now) {
      const { device } = last;
      for (const push of sent) {
        if (push.id === undefined || push.expiresAt <= now || push.recalled !== undefined) continue;
        if (!belonged(device, push).every(Boolean)) continue;
        if (afresh.get(device)?.some(({ to }) => to >= push.from)) continue;
        if (confirmedAt(device, push) !== undefined) continue;
        if (push.needConfirm && !last.pushes.has(push)) fail('was not confirmed and did not come again', device, push);
        if (!receipts.has(key(device, push))) fail('is lost', device, push);
      }
    },
  };
}

function isFor(target: Target, device: number, { alias, tags }: State): boolean {
  if (alias === undefined) return false;
  switch (target.kind) {
    case 'alias':
      return target.alias === alias;
    case 'device':
      return target.device === device;
    case 'tags':
      return target.tags.some((tag) => tags.includes(tag));
    case 'everyone':
      return true;
  }
}
