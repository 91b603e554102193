import type { WakeMessage } from '../../../core/domain/wake.js';

/** Returns a message, with these parts if they matter. */
export function wakeMessage(parts: Partial<WakeMessage> = {}): WakeMessage {
  return {
    id: '1',
    appId: 'testapp1',
    kind: 'ALERT',
    key: '1',
    body: 'Hello',
    priority: 'NORMAL',
    expiresAt: Date.now() + 3_600_000,
    ...parts,
  };
}
