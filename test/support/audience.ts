import { connectDevice, type TestDevice } from './device.js';
import { type RegisterBody, send } from './rest.js';
import { type Stack, TEST_APP } from './stack.js';
import { newDevice, uniqueName } from './users.js';

/** A connected device of a user of its own. */
export interface Listener {
  alias: string;
  deviceId: string;
  device: TestDevice;
}

/** Devices that listen for what the test app pushes, until `close`. */
export interface Audience {
  /** Registers and connects a device; by default an ANDROID one of a user of its own. */
  listen(options?: { alias?: string; platform?: RegisterBody['platform']; tag?: string[] }): Promise<Listener>;
  /**
   * What a device got since the last call. Pushes something more to it and waits for that: what was pushed before comes
   * before. Each element is the frame as it came.
   */
  got(listener: Listener): Promise<string[]>;
  close(): Promise<void>;
}

export function createAudience(stack: Stack): Audience {
  const open: TestDevice[] = [];
  const seen = new Map<TestDevice, number>();
  return {
    async listen({ alias = uniqueName(), ...options } = {}) {
      const deviceId = await newDevice(stack.httpUrl, alias, options);
      const device = connectDevice(stack.wsUrl, deviceId);
      open.push(device);
      await device.opened;
      return { alias, deviceId, device };
    },
    async got({ device, deviceId }) {
      const marker = { ...TEST_APP, audienceType: 'DEVICE' as const, audiences: [deviceId], alert: 'marker' };
      const { requestId } = (await send(stack.httpUrl, marker)).body;
      const last = await device.waitForFrame((frame) => frame.startsWith(`{"id":"${requestId}"`));
      const end = device.frames.indexOf(last);
      const frames = device.frames.slice(seen.get(device) ?? 0, end);
      seen.set(device, end + 1);
      return frames;
    },
    async close() {
      await Promise.all(open.splice(0).map((device) => device.close()));
    },
  };
}
