import type { Door } from './door.js';
import { CONNECT_DOOR } from './doors/connect-door.js';
import { GRPC_DOOR } from './doors/grpc-door.js';
import { LINK_DOOR } from './doors/link-door.js';
import { REST_DOOR } from './doors/rest-door.js';
import { SOCKET_DOOR } from './doors/socket-door.js';

/** All of them, in the order of the table. */
export const DOORS: readonly Door[] = [REST_DOOR, SOCKET_DOOR, GRPC_DOOR, CONNECT_DOOR, LINK_DOOR];
