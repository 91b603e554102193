import type { SocketData } from './session.js';

/**
 * Bounds what devices send: so many frames at once, and so many a second after that. What a device has spent is kept
 * beyond its socket, so that reconnecting gives it no more. Confirmations of what a socket was sent are not counted:
 * there are only as many as messages.
 */
export interface FrameBudget {
  /** Takes over what the device has spent before. */
  opened(socket: SocketData): void;
  /** Returns whether the socket may send this frame; then it counts. Hot: a call for each frame. */
  spend(socket: SocketData): boolean;
  /** Keeps what the device has spent. */
  closed(socket: SocketData): void;
}

/** A heartbeat is due every half a minute: this is for confirmations of what an earlier socket was sent. */
const BURST = 2000;
/** Milliseconds for which a frame is paid: 20 a second. */
const FRAME_MS = 50;
/** Less than so many frames are not kept. */
const KEPT_FROM = 100;
/** Number of devices that are kept; of more, those that closed first are forgotten. */
const MAX_KEPT = 50_000;

/** Returns the budget of devices that have sent nothing. */
export function createFrameBudget(now: () => number = () => performance.now()): FrameBudget {
  /** Until when devices without a socket have paid, in the order in which they closed. */
  const kept = new Map<string, number>();

  return {
    opened(socket) {
      if (socket.deviceId === undefined) return;
      socket.paidUntil = kept.get(socket.deviceId) ?? 0;
      kept.delete(socket.deviceId);
    },
    spend(socket) {
      const time = Math.ceil(now());
      const paidUntil = Math.max(socket.paidUntil, time) + FRAME_MS;
      if (paidUntil - time > BURST * FRAME_MS) return false;
      socket.paidUntil = paidUntil;
      return true;
    },
    closed({ deviceId, paidUntil }) {
      const time = now();
      if (deviceId === undefined || paidUntil - time < KEPT_FROM * FRAME_MS) return;
      kept.delete(deviceId);
      kept.set(deviceId, paidUntil);
      for (const [first, until] of kept) {
        if (kept.size <= MAX_KEPT && until > time) break;
        kept.delete(first);
      }
    },
  };
}
