import type { Attack } from './attack.js';
import { AUDIENCE_ATTACKS } from './audience-attacks.js';
import { CONNECTION_ATTACKS } from './connection-attacks.js';
import { CORE_MESSAGES } from './core-messages.js';
import { CORE_STREAMS } from './core-streams.js';
import { HTTP_ATTACKS } from './http-attacks.js';
import { OPS_ATTACKS } from './ops-attacks.js';
import { SOCKET_ATTACKS } from './socket-attacks.js';

/** All of them, in the order of the table. */
export const ATTACKS: readonly Attack[] = [
  ...HTTP_ATTACKS,
  ...SOCKET_ATTACKS,
  ...CONNECTION_ATTACKS,
  ...OPS_ATTACKS,
  ...CORE_MESSAGES,
  ...CORE_STREAMS,
  ...AUDIENCE_ATTACKS,
];
