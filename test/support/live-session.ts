import type { EdgePort } from '../../core/delivery/edge-port.js';
import { createSession, type Session } from '../../core/delivery/session.js';

/** A session that is live since the first batch to its edge, of a device with this number on a slot of the same number. */
export function liveSession(edge: EdgePort, num: number, topics: readonly number[] = []): Session {
  const memberships = topics.map((topicNum) => ({ topicNum, since: 0, until: null }));
  const device = { num, id: `device-${num}`, appNum: 1, platform: 'WEB' as const, registered: true, memberships };
  const announced = { edge, slot: num, deviceId: device.id, through: [], closed: false, confirmed: [] };
  const session = createSession(announced, device, { blockers: 0, since: 0, generation: num });
  session.state = { kind: 'live', sinceBatch: 1 };
  session.cursor = [];
  return session;
}
