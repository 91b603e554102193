import type { StoreReader } from '../../store/store.js';
import { createOutgoing, type Outgoing } from './frames.js';
import type { Session } from './session.js';

/** A part of the messages that waited for one session, oldest first. */
export interface BacklogPage {
  /** Messages in the order of their pushes. `deliveryId`: the edge reports it; undefined for topic pushes. */
  entries: { outgoing: Outgoing; deliveryId: number | undefined }[];
  /** All that waited up to here is in the entries, or was handed over before. */
  through: number;
  /** More waits, or may wait, behind it. */
  more: boolean;
}

/** Messages that wait for one session, without their content. */
export interface Backlog {
  /** Delivery by push, oldest first. */
  rows: ReadonlyMap<number, number | undefined>;
  /** The push up to which was looked. */
  bound: number;
  /** The rows are all of that up to this push id; Infinity: all. */
  upTo: number;
}

/**
 * Bytes that one session gets before its device has to acknowledge them, as many as its edge hands over without that;
 * exceeded by at most one message.
 */
const PAGE_BYTES = 64 * 1024;
/** Bytes that all sessions get from one read, so that the core's memory and the edges' queues stay bounded. */
const READ_BYTES = 16 * 1024 * 1024;
/** About as many bytes as a frame has beside its content. */
const FRAME_BYTES = 200;
/** For how many messages of each session sizes are looked up at first, and for how many one look-up asks. */
const FIRST_STEP = 4;
const SIZES_PER_LOOK_UP = 1000;

type Reader = Pick<Session, 'after'>;

interface Plan<S> {
  session: S;
  rows: [pushId: number, deliveryId: number | undefined][];
  bound: number;
  upTo: number;
  /** Number of `rows` that are in the page, or have no content any more. */
  done: number;
  bytes: number;
}

/**
 * Chooses what fits by its stored size, and only then loads content. A page that is full ends before what is left.
 */
export async function fillPages<S extends Reader>(
  store: Pick<StoreReader, 'findPushes' | 'findContentSizes'>,
  chosen: ReadonlyMap<S, Backlog>,
): Promise<Map<S, BacklogPage>> {
  const plans = [...chosen].map(([session, { rows, bound, upTo }]): Plan<S> => {
    return { session, rows: [...rows], bound, upTo, done: 0, bytes: 0 };
  });
  /** Undefined: it has no content any more. */
  const sizes = new Map<number, number | undefined>();
  let left = READ_BYTES;

  async function findSizes(open: readonly Plan<S>[], step: number): Promise<void> {
    const wanted = new Set<number>();
    for (const { rows, done } of open) {
      if (wanted.size >= SIZES_PER_LOOK_UP) break;
      for (const [id] of rows.slice(done, done + step)) if (!sizes.has(id)) wanted.add(id);
    }
    const found = wanted.size === 0 ? new Map<number, number>() : await store.findContentSizes([...wanted]);
    for (const id of wanted) sizes.set(id, found.get(id));
  }

  /** Takes rows of which the size is known, as long as there is room. Answers whether the page is complete. */
  function extend(plan: Plan<S>): boolean {
    for (const [id] of plan.rows.slice(plan.done)) {
      if (plan.bytes >= PAGE_BYTES || left <= 0) {
        plan.upTo = plan.rows[plan.done - 1]?.[0] ?? 0;
        return true;
      }
      if (!sizes.has(id)) return false;
      const size = sizes.get(id);
      plan.done++;
      if (size === undefined) continue;
      plan.bytes += size + FRAME_BYTES;
      left -= size + FRAME_BYTES;
    }
    return true;
  }

  let open = plans;
  for (let step = FIRST_STEP; open.length > 0; step *= 4) {
    await findSizes(open, step);
    open = open.filter((plan) => !extend(plan));
  }
  const ids = new Set(plans.flatMap(({ rows, done }) => rows.slice(0, done).map(([id]) => id)));
  for (const id of ids) if (sizes.get(id) === undefined) ids.delete(id);
  const pushes = ids.size === 0 ? [] : await store.findPushes([...ids]);
  const outgoing = new Map(pushes.map((push) => [push.id, createOutgoing(push)]));
  return new Map(plans.map((plan) => [plan.session, toPage(plan, outgoing)]));
}

function toPage<S extends Reader>(
  { session, rows, done, bound, upTo }: Plan<S>,
  loaded: ReadonlyMap<number, Outgoing>,
): BacklogPage {
  const entries: BacklogPage['entries'] = [];
  for (const [id, deliveryId] of rows.slice(0, done)) {
    const outgoing = loaded.get(id);
    if (outgoing !== undefined) entries.push({ outgoing, deliveryId });
  }
  return { entries, through: Math.max(session.after, Math.min(bound, upTo)), more: upTo !== Number.POSITIVE_INFINITY };
}
