import { SessionEnd } from '../link/wire.js';
import type { DeviceConnection } from '../ws/connection.js';
import type { Hub } from '../ws/hub.js';
import type { SocketSession } from '../ws/session.js';
import { formatCursor, parseCursor } from './cursor.js';
import type { EventReader } from './reader.js';

/**
 * A connection over HTTP: it lives on between the requests of its client, for a short while. What it is given is
 * numbered; what its client has received, the client says by number: with its next request, or at once with a POST.
 * Bounded by what the hub hands over before that.
 */
export interface EventConnection extends DeviceConnection {
  /** The device id that it came with. */
  readonly deviceId: string;
  /** The hub has taken it. To be called once, before anything else. */
  opened(session: SocketSession): void;
  /** The client has received all up to here. Returns false if that cannot be: it was not sent so much. */
  acknowledge(cursor: string): boolean;
  /** Returns true if a client that has all up to here has missed nothing that was written. */
  isNext(cursor: string): boolean;
  /** Goes on with this request; an earlier one ends. */
  attach(reader: EventReader, waitMs: number | undefined): void;
  /** The client of this request has gone. */
  left(reader: EventReader): void;
}

/** Times, in milliseconds. */
export interface EventTimes {
  /** From one sign of life of a stream to the next. */
  beatMs: number;
  /** Given to a client to acknowledge what it was asked for; then its stream ends, so that it comes back. */
  answerMs: number;
  /** Until a client that has no request comes back. */
  graceMs: number;
}

/** Of uWebSockets: the message is taken. */
const TAKEN = 1;
const CUT = 1006;
const REPLACED = { code: 4409, reason: 'replaced by a newer connection' };
/** Milliseconds from a message until its acknowledgement is asked for. */
const ASK_AFTER_MS = 1000;
/** Milliseconds to answer where messages wait for the acknowledgement. */
const HURRIED_ANSWER_MS = 1000;
/** Most of what was read elsewhere that waits for a request; the oldest goes. */
const MOST_CLEARS = 100;
/** A line that is slower than this, in bytes a millisecond, is as good as none. */
const BYTES_PER_MS = 8;

/** Returns a connection that the hub has not taken yet. */
export function createEventConnection(parts: {
  token: string;
  deviceId: string;
  hub: Pick<Hub, 'acknowledged'>;
  times: EventTimes;
  /** It has ended; `isTold`: its client knows why, or need not. */
  ended: (code: number, reason: string, isTold: boolean) => void;
}): EventConnection {
  const { token, deviceId, hub, times } = parts;
  let session: SocketSession | undefined;
  let reader: EventReader | undefined;
  /** Messages that no request has taken yet. */
  let pending: string[] = [];
  /** Pushes that were read elsewhere, which no request has been told. */
  const clears: number[] = [];
  /** Numbers of the last message that was handed over, written, and acknowledged. */
  let handed = 0;
  let written = 0;
  let acknowledged = 0;
  let isCorked = false;
  let isOver = false;
  let isContinued = false;
  let giving: NodeJS.Immediate | undefined;
  /** Of a stream: its beats. */
  let beats: NodeJS.Timeout | undefined;
  /** Ends the wait for what is next: a time to ask, an acknowledgement, messages, or another request. */
  let waiting: NodeJS.Timeout | undefined;
  /** An acknowledgement has been asked for, and messages wait for it. */
  let isHurried = false;

  function wait(then: () => void, ms: number): void {
    clearTimeout(waiting);
    waiting = setTimeout(then, ms);
  }

  function flush(): void {
    if (reader === undefined || pending.length === 0) return;
    if (reader.transport === 'events') give();
    // What else comes in this turn goes with it.
    else giving ??= setImmediate(give);
  }

  function tellClears(): void {
    if (reader === undefined || clears.length === 0) return;
    if (!reader.clear(clears.splice(0), written)) release();
  }

  function give(): void {
    giving = undefined;
    if (reader === undefined || pending.length === 0) return;
    const frames = pending;
    pending = [];
    const isIdle = acknowledged === written;
    written = handed;
    if (!reader.deliver(frames, handed - frames.length + 1)) release();
    else if (isIdle) wait(() => ask(times.answerMs), ASK_AFTER_MS);
  }

  function ask(patienceMs: number): void {
    reader?.ask(written);
    const bytes = session?.unacknowledged?.bytes ?? 0;
    wait(rest, patienceMs + bytes / BYTES_PER_MS);
  }

  /** Ends the request, not the session: the client comes back, and says by that what it has received. */
  function rest(): void {
    reader?.over(written);
    release();
  }

  /** There is no request: the next one is waited for. */
  function release(): void {
    reader = undefined;
    isHurried = false;
    clearInterval(beats);
    wait(expire, times.graceMs);
  }

  function expire(): void {
    if (session !== undefined && acknowledged < handed) session.end = SessionEnd.DEAD;
    finish(CUT, '');
  }

  function finish(code: number, reason: string): void {
    if (isOver) return;
    isOver = true;
    // Of a client that has gone on already nobody will ask.
    const isTold = reader !== undefined || isContinued;
    reader = undefined;
    pending = [];
    clearInterval(beats);
    clearTimeout(waiting);
    if (giving !== undefined) clearImmediate(giving);
    parts.ended(code, reason, isTold);
  }

  return {
    deviceId,
    opened(own) {
      session = own;
    },
    send(frame) {
      handed++;
      pending.push(Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString());
      if (!isCorked) flush();
      return TAKEN;
    },
    cork(write) {
      isCorked = true;
      write();
      isCorked = false;
      flush();
    },
    // What is handed over is bounded by what is acknowledged.
    getBufferedAmount: () => 0,
    ping() {
      if (reader?.transport === 'events' && acknowledged < written && !isHurried) {
        isHurried = true;
        ask(Math.min(HURRIED_ANSWER_MS, times.answerMs));
      }
      return TAKEN;
    },
    clear(pushId) {
      clears.push(pushId);
      if (clears.length > MOST_CLEARS) clears.shift();
      tellClears();
    },
    end(code, reason) {
      if (isOver) return;
      reader?.closed(code, reason);
      finish(code, reason);
    },
    close() {
      if (isOver) return;
      reader?.cut();
      finish(CUT, '');
    },
    acknowledge(text) {
      const cursor = parseCursor(text);
      if (isOver || session === undefined || cursor?.token !== token || cursor.number > written) return false;
      reader?.beat();
      const count = cursor.number - acknowledged;
      if (count <= 0) return true;
      acknowledged = cursor.number;
      isHurried = false;
      if (reader?.transport === 'events') {
        if (acknowledged < written) wait(() => ask(times.answerMs), ASK_AFTER_MS);
        else clearTimeout(waiting);
      }
      // May end it, or hand it more.
      hub.acknowledged(session, count);
      return true;
    },
    continued(cursor) {
      this.acknowledge(cursor);
      isContinued ||= parseCursor(cursor)?.token === token;
    },
    isNext: (cursor) => !isOver && cursor === formatCursor({ token, number: written }),
    attach(next, waitMs) {
      reader?.closed(REPLACED.code, REPLACED.reason);
      clearInterval(beats);
      clearTimeout(waiting);
      reader = next;
      isHurried = false;
      if (session !== undefined) session.transport = next.transport;
      if (waitMs === undefined) beats = setInterval(() => reader?.beat(), times.beatMs);
      else wait(rest, waitMs);
      tellClears();
      flush();
    },
    left(gone) {
      if (reader !== gone) return;
      // Who has received all that there was need not be waited for.
      if (gone.transport === 'events' && acknowledged === handed) finish(CUT, '');
      else release();
    },
  };
}
