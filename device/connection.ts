import { backoffMs } from './backoff.js';
import { type ClosedReason, judgeClose } from './close-codes.js';
import { type Heartbeat, startHeartbeat } from './heartbeat.js';
import { host, now, type Timer } from './host.js';
import type { ResolvedOptions } from './options.js';
import type { Registrar } from './registrar.js';
import { RegistrationError } from './rest.js';
import type { TransportLink } from './transport.js';

/** A connection that is kept: registers, connects, and begins again for as long as that may help. */
export interface Connection {
  /** Starts it, if it is stopped. */
  start(): void;
  /** Ends it. What was on its way may still be told, unless it is `mute`. */
  stop(mute?: boolean): void;
  /** The device was asleep, or has another network: pauses end, and an open connection is tried. */
  check(): void;
  /** Sends a frame. Returns false if there is no open connection. */
  send(text: string): boolean;
}

/** A connection's state, as the app is told. */
export type ConnectionState =
  | { readonly name: 'registering' }
  | { readonly name: 'connecting' }
  | { readonly name: 'open' }
  /** Waits before it tries again. `code` is that of the close, if there was one. */
  | { readonly name: 'waiting'; readonly ms: number; readonly code?: number };

type Phase =
  | { readonly name: 'stopped' }
  | { readonly name: 'registering'; readonly attempt: { abort(): void } }
  | { readonly name: 'connecting'; readonly link: TransportLink; readonly timer: Timer }
  | { readonly name: 'open'; readonly link: TransportLink; readonly heartbeat: Heartbeat; readonly since: number }
  | { readonly name: 'waiting'; readonly timer: Timer; readonly isHurried: boolean };

/** Time to open a connection, in milliseconds. */
const OPEN_WITHIN_MS = 15_000;
/** A connection that has held for so long was a good one, in milliseconds. */
const HELD_MS = 10_000;
const CUT = 1006;

/** Returns a connection that is stopped. */
export function createConnection(parts: {
  options: Pick<ResolvedOptions, 'url' | 'transport' | 'backoff' | 'heartbeat'>;
  registrar: Registrar;
  isHidden: () => boolean;
  /** It has another state. */
  changed: (state: ConnectionState) => void;
  /** A frame that is no answer to a heartbeat has come. */
  frame: (text: string) => void;
  /** The app ought to know. */
  failed: (error: unknown) => void;
  /** It has stopped: to try again as it is would not help. */
  ended: (reason: ClosedReason, code?: number) => void;
}): Connection {
  const { registrar } = parts;
  const { url, transport, backoff, heartbeat: times } = parts.options;
  let phase: Phase = { name: 'stopped' };
  let failures = 0;
  /** Frames of an earlier era are another user's. */
  let era = 0;

  function enter(next: Phase, about?: Pick<Extract<ConnectionState, { name: 'waiting' }>, 'ms' | 'code'>): void {
    leave();
    phase = next;
    // Safe: a phase other than `stopped` has the name of its state, and `waiting` comes with what it is about.
    if (next.name !== 'stopped') parts.changed({ name: next.name, ...about } as ConnectionState);
  }

  function leave(): void {
    switch (phase.name) {
      case 'registering':
        phase.attempt.abort();
        break;
      case 'open':
        phase.heartbeat.stop();
        break;
      case 'connecting':
      case 'waiting':
        host.clearTimeout(phase.timer);
        break;
      case 'stopped':
    }
  }

  function begin(): void {
    if (registrar.id === undefined) register();
    else connect(registrar.id);
  }

  function register(): void {
    const attempt = new host.AbortController();
    const own: Phase = { name: 'registering', attempt };
    enter(own);
    registrar.ensure(attempt.signal).then(
      (id) => {
        if (phase === own) connect(id);
      },
      (error: unknown) => {
        if (phase !== own) return;
        parts.failed(error);
        if (error instanceof RegistrationError && error.isFinal) end('refused');
        else wait((error instanceof RegistrationError && error.retryAfterMs) || nextPause(), true);
      },
    );
  }

  function connect(deviceId: string): void {
    const ownEra = era;
    let own: Phase | undefined;
    const link = transport.open(
      { url, deviceId },
      {
        opened() {
          if (phase === own) own = open(link);
        },
        frame(text) {
          if (phase === own) alive();
          if (text !== 'ACK1' && era === ownEra) parts.frame(text);
        },
        alive() {
          if (phase === own) alive();
        },
        closed(code, reason) {
          if (phase === own) closed(code, reason);
        },
      },
    );
    const timer = host.setTimeout(() => lost(link), OPEN_WITHIN_MS);
    own = { name: 'connecting', link, timer };
    enter(own);
  }

  function open(link: TransportLink): Phase {
    const heartbeat = startHeartbeat(times, {
      ask: () => link.send('HBT'),
      dead: () => lost(link),
      isHidden: parts.isHidden,
    });
    const opened: Phase = { name: 'open', link, heartbeat, since: now() };
    enter(opened);
    return opened;
  }

  function alive(): void {
    if (phase.name === 'open') phase.heartbeat.heard();
  }

  function lost(link: TransportLink): void {
    closed(CUT, '');
    link.cut();
  }

  function closed(code: number, reason: string): void {
    if (phase.name === 'open' && now() - phase.since >= HELD_MS) failures = 0;
    const verdict = judgeClose(code, reason);
    switch (verdict.next) {
      case 'end':
        end(verdict.reason, code);
        break;
      case 'wait':
        wait(verdict.ms, false, code);
        break;
      case 'back off':
        wait(nextPause(), true, code);
        break;
      case 'register':
        // What registers at once is the first refusal; one right after a registration is none that registering mends.
        void registrar.forget();
        if (failures === 0) {
          failures = 1;
          register();
        } else wait(nextPause(), false, code);
    }
  }

  function nextPause(): number {
    return backoffMs(failures++, backoff);
  }

  function wait(ms: number, isHurried: boolean, code?: number): void {
    const timer = host.setTimeout(begin, ms);
    enter({ name: 'waiting', timer, isHurried }, { ms, ...(code !== undefined && { code }) });
  }

  function end(reason: ClosedReason, code?: number): void {
    enter({ name: 'stopped' });
    failures = 0;
    parts.ended(reason, code);
  }

  return {
    start() {
      if (phase.name === 'stopped') begin();
    },
    stop(mute = false) {
      if (mute) era++;
      const left = phase;
      enter({ name: 'stopped' });
      failures = 0;
      if (left.name === 'connecting' || left.name === 'open') left.link.close();
    },
    check() {
      if (phase.name === 'open') phase.heartbeat.check();
      else if (phase.name === 'waiting' && phase.isHurried) begin();
    },
    send(text) {
      if (phase.name !== 'open') return false;
      phase.link.send(text);
      return true;
    },
  };
}
