import { type Delivery, Platform, type Publication } from '../link/wire.js';
import type { Redelivery } from './redelivery.js';
import type { Round } from './rounds.js';
import type { SocketSession } from './session.js';
import type { Message, SocketWriter } from './socket-writer.js';
import type { Topics } from './topics.js';

/**
 * Hands the core's messages to their sessions. Several that go to the same sessions are one write for each. Yields
 * after so many frames, for something else to have its turn.
 */
export interface SocketFanOut {
  /** Messages for the same slots. */
  deliver(run: readonly Delivery[], round: Round): Generator<void>;
  /** Messages for the same topics and the same platform. */
  publish(run: readonly Publication[], round: Round): Generator<void>;
}

const NONE = new Uint8Array();

/** Returns a fan-out with nothing to send. */
export function createSocketFanOut(options: {
  writer: SocketWriter;
  redelivery: Redelivery;
  topics: Topics;
  sessionOf: (slot: number) => SocketSession | undefined;
  framesPerTurn: number;
}): SocketFanOut {
  const { writer, redelivery, topics, sessionOf, framesPerTurn } = options;
  let left = framesPerTurn;

  /** Returns true if the turn is over. */
  function isOver(): boolean {
    if (left > 0) return false;
    left = framesPerTurn;
    return true;
  }

  function hand(session: SocketSession, messages: readonly Message[]): void {
    const sent = writer.write(session, messages);
    left -= messages.length;
    for (const { handed, frame, confirmUntil } of sent === messages.length ? messages : messages.slice(0, sent)) {
      if (confirmUntil > 0) redelivery.sent(session, handed.pushId, frame, confirmUntil);
    }
  }

  function publishTo(session: SocketSession, fitting: readonly Message[]): void {
    // A session with several of the topics has them from the first.
    const { sent } = session;
    const isNew = ({ handed }: Message): boolean => handed.pushId > sent;
    const news = fitting.every(isNew) ? fitting : fitting.filter(isNew);
    if (news.length > 0) hand(session, news);
    else left--;
  }

  return {
    *deliver(run, round) {
      const frames = run.map(frameOf);
      for (const [index, slot] of run[0]?.slots.entries() ?? []) {
        const session = sessionOf(slot);
        if (session === undefined || !takesMessages(session)) continue;
        const own = run.map(({ pushId, frame, deliveryIds, confirmUntil }, at) => {
          const handed = { pushId, deliveryId: deliveryIds[index], publication: undefined, round };
          return { frame: frames[at] ?? frame, confirmUntil, handed };
        });
        hand(session, own);
        if (isOver()) yield;
      }
    },

    *publish(run, round) {
      const [first] = run;
      if (first === undefined) return;
      const { platform } = first;
      const all = run.map((publication) => toMessage(publication, round));
      const forIos = run.every(({ iosFrame }) => iosFrame.length === 0)
        ? all
        : all.map((message, at) => toIosMessage(run[at], message));
      for (const topic of first.topics) {
        for (const session of topics.members(topic)) {
          const isMeant = platform === Platform.UNSPECIFIED || platform === session.platform;
          if (session.state === 'live' && isMeant) publishTo(session, session.platform === Platform.IOS ? forIos : all);
          // Whoever is passed over takes of the turn, too: there may be a hundred thousand of them.
          else left--;
          if (isOver()) yield;
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

/** All sessions share what is remembered of a topic push. */
function toMessage({ pushId, frame, confirmUntil }: Publication, round: Round): Message {
  const handed = { pushId, deliveryId: undefined, publication: { pushId, round, received: 0 }, round };
  return { frame: frameOf({ frame, confirmUntil }), confirmUntil, handed };
}

function toIosMessage(publication: Publication | undefined, common: Message): Message {
  const { iosFrame: frame, confirmUntil } = publication ?? { iosFrame: NONE, confirmUntil: 0 };
  return frame.length === 0 ? common : { ...common, frame: frameOf({ frame, confirmUntil }) };
}
