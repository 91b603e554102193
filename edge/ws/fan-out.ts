import type { SessionReports } from '../link/session-reports.js';
import { type Delivery, Platform, type Publication } from '../link/wire.js';
import type { Redelivery } from './redelivery.js';
import type { SocketSession } from './session.js';
import type { Message, SocketWriter } from './socket-writer.js';
import type { Topics } from './topics.js';

/**
 * Hands the core's messages to their sessions. Several that go to the same sessions are one write for each. Yields
 * after so many frames, for something else to have its turn.
 */
export interface SocketFanOut {
  /** Messages for the same slots. */
  deliver(run: readonly Delivery[]): Generator<void>;
  /**
   * Messages for the same topics and the same platform. Reports to how many sessions each went, also when it is ended
   * early.
   */
  publish(run: readonly Publication[]): Generator<void>;
}

interface Copies extends Message {
  /** Number of sessions that have got it. */
  sessions: number;
}

/** Returns a fan-out with nothing to send. */
export function createSocketFanOut(options: {
  outbox: () => Pick<SessionReports, 'published'>;
  writer: SocketWriter;
  redelivery: Redelivery;
  topics: Topics;
  sessionOf: (slot: number) => SocketSession | undefined;
  framesPerTurn: number;
}): SocketFanOut {
  const { outbox, writer, redelivery, topics, sessionOf, framesPerTurn } = options;
  let left = framesPerTurn;

  /** Returns true if the turn is over. */
  function isOver(): boolean {
    if (left > 0) return false;
    left = framesPerTurn;
    return true;
  }

  /** Hands messages to a session. Returns how many were sent. */
  function hand(session: SocketSession, messages: readonly Message[]): number {
    const sent = writer.write(session, messages);
    left -= messages.length;
    for (const { pushId, frame, confirmUntil } of sent === messages.length ? messages : messages.slice(0, sent)) {
      if (confirmUntil > 0) redelivery.sent(session, pushId, frame, confirmUntil);
    }
    return sent;
  }

  function publishTo(session: SocketSession, fitting: readonly Copies[]): void {
    // A session with several of the topics has them from the first.
    const { through } = session;
    const news = fitting.some(({ pushId }) => pushId <= through)
      ? fitting.filter(({ pushId }) => pushId > through)
      : fitting;
    if (news.length === 0) {
      left--;
      return;
    }
    const sent = hand(session, news);
    for (const copies of sent === news.length ? news : news.slice(0, sent)) copies.sessions++;
  }

  return {
    *deliver(run) {
      const frames = run.map(frameOf);
      for (const [index, slot] of run[0]?.slots.entries() ?? []) {
        const session = sessionOf(slot);
        if (session === undefined || !takesMessages(session)) continue;
        const own = run.map(({ pushId, frame, deliveryIds, confirmUntil }, at) => {
          return { pushId, frame: frames[at] ?? frame, deliveryId: deliveryIds[index], confirmUntil };
        });
        hand(session, own);
        if (isOver()) yield;
      }
    },

    *publish(run) {
      const [first] = run;
      if (first === undefined) return;
      const { platform } = first;
      const all = run.map((publication) => toCopies(publication, publication.frame));
      const forIos = run.every(({ iosFrame }) => iosFrame.length === 0)
        ? all
        : run.map((publication) =>
            toCopies(publication, publication.iosFrame.length > 0 ? publication.iosFrame : publication.frame),
          );
      try {
        for (const topic of first.topics) {
          for (const session of topics.members(topic)) {
            const isMeant = platform === Platform.UNSPECIFIED || platform === session.platform;
            if (session.state === 'live' && isMeant)
              publishTo(session, session.platform === Platform.IOS ? forIos : all);
            // Whoever is passed over takes of the turn, too: there may be a hundred thousand of them.
            else left--;
            if (isOver()) yield;
          }
        }
      } finally {
        for (const { pushId, sessions } of all === forIos ? all : [...all, ...forIos]) {
          if (sessions > 0) outbox().published(pushId, sessions);
        }
      }
    },
  };
}

/** Returns true if a session is given anything. */
export function takesMessages({ state }: SocketSession): boolean {
  return state === 'live' || state === 'resumed';
}

/** A frame that is kept is copied: it came as a part of a whole message of the link. */
function frameOf({ frame, confirmUntil }: Pick<Message, 'frame' | 'confirmUntil'>): Uint8Array {
  return confirmUntil > 0 ? Buffer.from(frame) : frame;
}

function toCopies({ pushId, confirmUntil }: Publication, frame: Uint8Array): Copies {
  return { pushId, frame: frameOf({ frame, confirmUntil }), deliveryId: undefined, confirmUntil, sessions: 0 };
}
