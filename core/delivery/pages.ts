import { limitTo, merge, type Position } from '../../common/position.js';
import type { LookUps } from '../store/store.js';
import { createOutgoing, type Outgoing } from './outgoing.js';
import type { Session } from './session.js';

/** What waited for one session, oldest first. */
export interface Page {
  entries: { outgoing: Outgoing; deliveryId: number | undefined }[];
  /** All that waited up to here is in the entries, or was handed over before. */
  through: Position;
  /** More waits, or may wait, behind it. */
  more: boolean;
}

/** What waits for one session, without its content. */
export interface Waiting {
  /** Delivery by push, oldest first. */
  rows: ReadonlyMap<number, number | undefined>;
  /** What was looked at. */
  bound: Position;
  /** The rows are all of that up to this push id; Infinity: all. */
  upTo: number;
}

/** What one session gets before its socket has to drain, in bytes; it is exceeded by at most one message. */
const PAGE_BYTES = 256 * 1024;
/** What all sessions get from one read: the memory of the core and what waits for an edge stay bounded. */
const READ_BYTES = 16 * 1024 * 1024;
/** How much of a session's page is loaded at first, in messages, and how much one look-up loads. */
const FIRST_STEP = 4;
const PUSHES_PER_LOAD = 1000;

type Reader = Pick<Session, 'device' | 'after'>;

interface Filling<S> {
  session: S;
  entries: Page['entries'];
  bound: Position;
  upTo: number;
  waiting: [pushId: number, deliveryId: number | undefined][];
  /** How many of `waiting` are in the page, or have no content any more. */
  done: number;
  bytes: number;
}

/** Loads content, in growing steps, until the pages are full: a page that is full ends before what is left. */
export async function fillPages<S extends Reader>(
  store: Pick<LookUps, 'findPushes'>,
  chosen: ReadonlyMap<S, Waiting>,
): Promise<Map<S, Page>> {
  const loaded = new Map<number, Outgoing | undefined>();
  const pages = [...chosen].map(
    ([session, { rows, bound, upTo }]): Filling<S> => ({
      session,
      waiting: [...rows],
      done: 0,
      bytes: 0,
      entries: [],
      bound,
      upTo,
    }),
  );
  let left = READ_BYTES;

  async function load(fillings: readonly Filling<S>[], step: number): Promise<void> {
    const wanted = new Set<number>();
    for (const { waiting, done } of fillings) {
      if (wanted.size >= PUSHES_PER_LOAD) break;
      for (const [id] of waiting.slice(done, done + step)) if (!loaded.has(id)) wanted.add(id);
    }
    for (const id of wanted) loaded.set(id, undefined);
    for (const push of await store.findPushes([...wanted])) loaded.set(push.id, createOutgoing(push));
  }

  /** Whether the page is complete. */
  function fill(page: Filling<S>): boolean {
    const { session, waiting, entries } = page;
    for (const [id, deliveryId] of waiting.slice(page.done)) {
      if (page.bytes >= PAGE_BYTES || left <= 0) {
        page.upTo = waiting[page.done - 1]?.[0] ?? 0;
        return true;
      }
      if (!loaded.has(id)) return false;
      const outgoing = loaded.get(id);
      page.done++;
      if (outgoing === undefined) continue;
      const size = outgoing.frameFor(session.device.platform).length;
      page.bytes += size;
      left -= size;
      entries.push({ outgoing, deliveryId });
    }
    return true;
  }

  let open = pages;
  for (let step = FIRST_STEP; open.length > 0; step *= 4) {
    await load(open, step);
    open = open.filter((page) => !fill(page));
  }
  return new Map(
    pages.map(({ session, entries, bound, upTo }) => {
      const through = merge(session.after, limitTo(bound, upTo));
      return [session, { entries, through, more: upTo !== Number.POSITIVE_INFINITY }];
    }),
  );
}
