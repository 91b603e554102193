import { currentTopics, matchesPlatform } from '../../domain/device.js';
import type { Push } from '../../domain/push.js';
import type { NewPush } from '../../store/store.js';
import type { EdgePort } from './edge-port.js';
import { confirmUntil, createOutgoing, type Outgoing } from './frames.js';
import { type HandedOut, hold, type Session, sendTo } from './session.js';

/** Hands committed pushes to the sessions: sent to those that are live, held for those that read what waited. */
export interface FanOut {
  /** Takes a committed push. Must be called in the order of the commits. */
  pushed(push: NewPush): void;
}

/** Returns a fan-out over these sessions and edges. */
export function createFanOut(options: {
  sessionOf: (deviceNum: number) => Session | undefined;
  edges: () => Iterable<EdgePort>;
  /** The sessions that are reading now. */
  reading: () => Iterable<Session>;
  /** Told when a topic push has been handed to the edges. */
  published: (topicNums: readonly number[], pushId: number) => void;
  handedOut?: HandedOut | undefined;
}): FanOut {
  const { sessionOf, edges, reading, published, handedOut } = options;

  function publish(outgoing: Outgoing, topics: readonly number[]): void {
    const { push } = outgoing;
    const publication = {
      pushId: push.id,
      topics,
      platform: push.platform,
      frame: outgoing.frameFor('ANDROID'),
      confirmUntil: confirmUntil(push),
      iosFrame: outgoing.iosFrame(),
    };
    for (const edge of edges()) edge.publish(publication);
  }

  /** Those that read now and have one of the topics. */
  function* readers(push: Push, topicNums: readonly number[]) {
    for (const session of reading()) {
      const { memberships, platform } = session.device;
      const belongs = currentTopics(memberships).some((topicNum) => topicNums.includes(topicNum));
      if (belongs && matchesPlatform(push.platform, platform)) yield session;
    }
  }

  return {
    pushed({ push, target }) {
      const outgoing = createOutgoing(push);
      if (target.kind === 'directed') {
        for (const { deviceNum, id } of target.deliveries) {
          const session = sessionOf(deviceNum);
          if (session?.state.kind === 'live') sendTo(session, outgoing, id, handedOut);
          else if (session !== undefined) hold(session, { outgoing, deliveryId: id });
        }
        return;
      }
      for (const session of readers(push, target.topicNums)) hold(session, { outgoing, deliveryId: undefined });
      publish(outgoing, target.topicNums);
      published(target.topicNums, push.id);
    },
  };
}
