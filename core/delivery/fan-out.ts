import { currentTopics, matchesPlatform } from '../domain/device.js';
import type { Push } from '../domain/push.js';
import type { TopicPush } from '../engine/engine.js';
import type { NewPush } from '../store/store.js';
import type { EdgePort } from './edge-port.js';
import { confirmUntil, createOutgoing, type Outgoing } from './outgoing.js';
import { hold, type Session, sendTo } from './session.js';

/** Hands committed pushes to the sessions of this core: sent to those that are live, held for those that read what waited. */
export interface FanOut {
  /** What this core has committed, in the order of the commits. */
  pushed(push: NewPush): void;
  /** A topic push that another core has committed. */
  pushedElsewhere(publication: TopicPush): void;
}

export function createFanOut(options: {
  sessionOf: (deviceNum: number) => Session | undefined;
  edges: () => Iterable<EdgePort>;
  /** The sessions that are reading now. */
  reading: () => Iterable<Session>;
  /** Told when a topic push of this core has been handed to the edges. */
  published: (topicNums: readonly number[], pushId: number) => void;
}): FanOut {
  const { sessionOf, edges, reading, published } = options;

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

  /** The states of those that read now and have one of the topics. */
  function* readers(push: Push, topicNums: readonly number[]) {
    for (const { state, device } of reading()) {
      const belongs = currentTopics(device.memberships).some((topicNum) => topicNums.includes(topicNum));
      if (state.kind === 'reading' && belongs && matchesPlatform(push.platform, device.platform)) yield state;
    }
  }

  return {
    pushed({ push, target }) {
      const outgoing = createOutgoing(push);
      if (target.kind === 'directed') {
        for (const { deviceNum, id } of target.deliveries) {
          const session = sessionOf(deviceNum);
          if (session?.state.kind === 'live') sendTo(session, outgoing, id);
          else if (session?.state.kind === 'reading') hold(session.state, { outgoing, deliveryId: id });
        }
        return;
      }
      for (const state of readers(push, target.topicNums)) hold(state, { outgoing, deliveryId: undefined });
      publish(outgoing, target.topicNums);
      published(target.topicNums, push.id);
    },
    pushedElsewhere({ push, topicNums }) {
      // Whether their reads have it or not cannot be told: they read again after them.
      for (const state of readers(push, topicNums)) state.overflowed = true;
      publish(createOutgoing(push), topicNums);
    },
  };
}
