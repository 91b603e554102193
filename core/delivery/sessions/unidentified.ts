import { createBatcher } from '../../../common/batcher.js';
import type { Logger } from '../../../common/logs/log.js';
import { createTroubleLog } from '../../../common/logs/trouble.js';
import { sleep } from '../../../common/timers.js';
import type { StoreReader, Subscribed } from '../../store/store.js';
import { CLOSE } from './edge-port.js';
import type { UnidentifiedSession } from './session.js';

/** Sessions that are not identified yet: looked up whose they are, many at once. */
export interface UnidentifiedSessions {
  /** Looks a session's device up; then `begin` is called, or the socket is closed. */
  add(session: UnidentifiedSession): void;
  /** The registration of the device has changed: what is being looked up now may be outdated. */
  changed(deviceId: string): void;
}

/** Number of sessions that are identified with one set of look-ups. */
const SESSIONS_PER_BATCH = 500;
const RETRY_DELAY = 500;

/** Returns the look-up of sessions, with none waiting. */
export function createUnidentifiedSessions(options: {
  store: Pick<StoreReader, 'findSubscribers'>;
  /** Called for each whose device may have a session. */
  begin: (session: UnidentifiedSession, device: Subscribed) => void;
  log: Logger;
}): UnidentifiedSessions {
  const { store, begin, log } = options;
  const trouble = createTroubleLog(log, 'sessions cannot be opened now');
  /** Devices whose registration has changed while sessions are being looked up; undefined: none are. */
  let changes: Set<string> | undefined;
  const waiting = createBatcher<UnidentifiedSession>(SESSIONS_PER_BATCH, identify);

  async function identify(batch: UnidentifiedSession[]): Promise<void> {
    const wanted = batch.filter(({ closed }) => !closed);
    if (wanted.length === 0) return;
    const current = new Set<string>();
    changes = current;
    try {
      const found = await store.findSubscribers([...new Set(wanted.map(({ deviceId }) => deviceId))]);
      const devices = new Map(found.map((device) => [device.id, device]));
      for (const session of wanted) {
        if (session.closed) continue;
        if (current.has(session.deviceId)) waiting.add(session);
        else accept(session, devices.get(session.deviceId));
      }
      trouble.over();
    } catch (error) {
      trouble.met(error);
      await sleep(RETRY_DELAY);
      for (const session of wanted) waiting.add(session);
    } finally {
      changes = undefined;
    }
  }

  function accept(session: UnidentifiedSession, device: Subscribed | undefined): void {
    const { edge, slot, accepted } = session;
    if (device === undefined) edge.closeSession(slot, CLOSE.notRegistered);
    // Also where the device has registered again since an earlier core accepted the socket.
    else if (!device.registered || (accepted !== undefined && accepted.generation !== device.generation)) {
      edge.closeSession(slot, CLOSE.unregistered);
    } else if (device.appDisabled) edge.closeSession(slot, CLOSE.appDisabled);
    else begin(session, device);
  }

  return {
    add: waiting.add,
    changed: (deviceId) => changes?.add(deviceId),
  };
}
