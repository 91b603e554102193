import { createBatcher } from '../../common/batcher.js';
import { describeError, type Logger } from '../../common/log.js';
import { merge, type Position } from '../../common/position.js';
import type { Subscriber } from '../domain/device.js';
import type { LookUps } from '../store/store.js';
import { CLOSE } from './edge-port.js';
import type { Announced } from './session.js';
import type { WriteCycle } from './write-cycle.js';

/** Announced sessions, on their way to be known: looked up whose they are, many at once. */
export interface Openings {
  add(announced: Announced): void;
  /** The device has confirmed a push before it was looked up. Nothing if it has been, and has no session. */
  confirmed(announced: Announced, pushId: number): void;
  /** The session has closed before that: it is looked up only for what it confirmed and was handed. */
  closed(announced: Announced, through: Position): void;
  /** The registration of the device has changed: what is being looked up now may be outdated. */
  changed(deviceId: string): void;
  /**
   * Resolves when the write cycle has all that devices confirmed and sessions were handed before they were looked up; undefined: it
   * has already. Until then nothing may tell the edge that this is committed.
   */
  told(): Promise<void> | undefined;
}

/** How many announced sessions are identified with one set of look-ups. */
const OPENINGS_PER_BATCH = 500;
/** How many confirmations a session may send before it is identified: an edge that attaches repeats all that were not committed. */
const MAX_EARLY_CONFIRMATIONS = 5000;
const RETRY_DELAY = 500;

export function createOpenings(options: {
  store: Pick<LookUps, 'findSubscribers'>;
  cycle: Pick<WriteCycle, 'read' | 'confirmed'>;
  /** The devices of these sessions are known, and may have sessions. */
  begin: (opened: readonly { announced: Announced; device: Subscriber }[]) => void;
  log: Logger;
}): Openings {
  const { store, cycle, begin, log } = options;
  /** Devices whose registration has changed while announced sessions are being looked up; undefined: none are. */
  let changes: Set<string> | undefined;
  const waiting = createBatcher<Announced>(OPENINGS_PER_BATCH, identify);
  const unknown = new Set<Announced>();
  /** Those of the unknown of which the write cycle is to be told something. */
  const owing = new Set<Announced>();
  let waiters: (() => void)[] = [];

  async function identify(batch: Announced[]): Promise<void> {
    const wanted: Announced[] = [];
    for (const announced of batch) {
      if (!announced.closed || owing.has(announced)) wanted.push(announced);
      else unknown.delete(announced);
    }
    if (wanted.length === 0) return;
    const current = new Set<string>();
    changes = current;
    try {
      const found = await store.findSubscribers([...new Set(wanted.map(({ deviceId }) => deviceId))]);
      const devices = new Map(found.map((device) => [device.id, device]));
      const opened: { announced: Announced; device: Subscriber }[] = [];
      for (const announced of wanted) {
        const { edge, slot, deviceId } = announced;
        const device = devices.get(deviceId);
        tell(announced, device);
        if (!announced.closed && current.has(deviceId)) {
          waiting.add(announced);
          continue;
        }
        unknown.delete(announced);
        if (announced.closed) continue;
        if (device === undefined) edge.closeSession(slot, CLOSE.notRegistered);
        else if (!device.registered) edge.closeSession(slot, CLOSE.unregistered);
        else if (device.appDisabled) edge.closeSession(slot, CLOSE.appDisabled);
        else opened.push({ announced, device });
      }
      begin(opened);
    } catch (error) {
      log.warn(describeError(error), 'sessions cannot be opened now');
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
      for (const announced of wanted) if (unknown.has(announced)) waiting.add(announced);
    } finally {
      changes = undefined;
    }
  }

  /** Tells the write cycle what is known of a session, if its device is. */
  function tell(announced: Announced, device: Subscriber | undefined): void {
    const { confirmed, closed, through } = announced;
    announced.confirmed = [];
    if (device !== undefined) {
      const { num: deviceNum, appNum } = device;
      for (const pushId of confirmed) cycle.confirmed({ deviceNum, appNum, pushId });
      if (closed && through.length > 0) cycle.read(deviceNum, through);
    }
    owing.delete(announced);
    if (owing.size > 0) return;
    for (const resolve of waiters) resolve();
    waiters = [];
  }

  return {
    add(announced) {
      unknown.add(announced);
      if (owes(announced)) owing.add(announced);
      waiting.add(announced);
    },
    confirmed(announced, pushId) {
      if (!unknown.has(announced) || announced.confirmed.length >= MAX_EARLY_CONFIRMATIONS) return;
      announced.confirmed.push(pushId);
      owing.add(announced);
    },
    closed(announced, through) {
      announced.closed = true;
      announced.through = merge(announced.through, through);
      if (unknown.has(announced) && owes(announced)) owing.add(announced);
    },
    changed: (deviceId) => changes?.add(deviceId),
    told: () => (owing.size === 0 ? undefined : new Promise((resolve) => waiters.push(resolve))),
  };
}

/** Whether something of it counts when the session is over, too. */
function owes({ confirmed, closed, through }: Announced): boolean {
  return confirmed.length > 0 || (closed && through.length > 0);
}
