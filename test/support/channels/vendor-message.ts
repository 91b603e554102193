import type { WakeMessage } from '../../../core/domain/wake.js';

const DAY_MS = 86_400_000;

let nextId = 1;
/** A message of its own, which lives for a day. */
export function message(fields: Partial<WakeMessage> = {}): WakeMessage {
  const id = `17000000000${nextId++}`;
  return {
    id,
    appId: 'demo-app',
    kind: 'ALERT',
    key: id,
    title: 'A title',
    body: 'A text',
    priority: 'NORMAL',
    expiresAt: Date.now() + DAY_MS,
    ...fields,
  };
}
