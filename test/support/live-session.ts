import type { EdgePort } from '../../core/delivery/sessions/edge-port.js';
import { createSession, type Session } from '../../core/delivery/sessions/session.js';
import type { Subscriber } from '../../core/domain/device.js';

/**
 * A session that is live since the first batch to its edge, of a device with this number on a slot of the same number.
 */
export function liveSession(edge: EdgePort, num: number, topics: readonly number[] = []): Session {
  const memberships = topics.map((topicNum) => ({ topicNum, since: 0, until: null }));
  const id = `device-${num}`;
  const device: Subscriber = { num, id, appNum: 1, platform: 'WEB', registered: true, generation: 1, memberships };
  const announced = { edge, slot: num, deviceId: id, through: 0, accepted: undefined, closed: false };
  const session = createSession(announced, device, { blockers: 0, since: 0 });
  session.state = { kind: 'live', sinceBatch: 1 };
  session.cursor = 0;
  return session;
}
