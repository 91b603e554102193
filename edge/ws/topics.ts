import type { Publication } from '../link/wire.js';
import type { SocketSession } from './session.js';

/** The sessions of each topic. */
export interface Topics {
  /** Replaces the topics of a session. */
  set(session: SocketSession, topics: readonly number[]): void;
  /** Sessions that have this topic. */
  members(topic: number): Iterable<SocketSession>;
}

/** Returns topics without sessions. */
export function createTopics(): Topics {
  const members = new Map<number, Set<SocketSession>>();
  const none: ReadonlySet<SocketSession> = new Set();
  /** Most sessions have the same as others: they share the list. */
  let last: readonly number[] = [];

  function shared(topics: readonly number[]): readonly number[] {
    if (!areEqual(last, topics)) last = topics.slice();
    return last;
  }

  return {
    set(session, topics) {
      for (const topic of session.topics) {
        const set = members.get(topic);
        set?.delete(session);
        if (set?.size === 0) members.delete(topic);
      }
      session.topics = shared(topics);
      for (const topic of session.topics) {
        const set = members.get(topic);
        if (set === undefined) members.set(topic, new Set([session]));
        else set.add(session);
      }
    },
    members: (topic) => members.get(topic) ?? none,
  };
}

/** Hot: asked of every two messages that follow each other. */
export function areEqual(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

/** Returns true if two publications go to the same sessions. */
export function isTogetherWith(publication: Publication, next: Publication): boolean {
  return publication.platform === next.platform && areEqual(publication.topics, next.topics);
}
