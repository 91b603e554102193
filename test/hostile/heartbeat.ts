import type { TestDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';

/** The answer to a heartbeat. */
export const isAck = (frame: string): boolean => frame === 'ACK1';

/** Resolves when a heartbeat has come back: the connection is open, and what was sent before has been read. */
export async function expectAlive(device: TestDevice): Promise<void> {
  const before = device.frames.filter(isAck).length;
  device.send('HBT');
  await eventually(() => device.frames.filter(isAck).length > before, { message: 'ACK1' });
}
