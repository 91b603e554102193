import type { Platform } from '../../domain/device.js';
import { hasIosFrame, type Push, toFrame } from '../../domain/push.js';

/** A push on its way to devices: each kind of frame is made once, when the first device needs it. */
export interface Outgoing {
  /** The push itself. */
  push: Push;
  /** Returns the frame for a device of this platform. */
  frameFor(platform: Platform): Uint8Array;
  /** Undefined: IOS devices get the same as the others. */
  iosFrame(): Uint8Array | undefined;
}

/** Returns the push without any frame made yet. */
export function createOutgoing(push: Push): Outgoing {
  let common: Uint8Array | undefined;
  let ios: Uint8Array | undefined;
  function iosFrame(): Uint8Array | undefined {
    if (hasIosFrame(push.content)) ios ??= Buffer.from(toFrame(push, 'IOS'));
    return ios;
  }
  return {
    push,
    iosFrame,
    frameFor(platform) {
      const own = platform === 'IOS' ? iosFrame() : undefined;
      if (own !== undefined) return own;
      common ??= Buffer.from(toFrame(push, 'ANDROID'));
      return common;
    },
  };
}

/**
 * Until when edges send a push again that is not confirmed, in milliseconds since the epoch; 0: it needs no
 * confirmation.
 */
export function confirmUntil({ needConfirm, expiresAt }: Push): number {
  return needConfirm ? expiresAt : 0;
}
