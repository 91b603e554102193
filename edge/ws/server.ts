import type { HttpRequest, WebSocketBehavior } from 'uWebSockets.js';
import { OnePushError } from '../../common/errors.js';
import { type FindClient, textOfAddress } from '../../common/http/client-address.js';
import type { AddressLimits } from '../address-limits.js';
import type { Connections } from '../connections.js';
import { findDeviceId, protocolsOf } from '../device-id.js';
import type { Refuse } from '../http/exchange.js';
import { type RequestHead, readHead } from '../http/request-head.js';
import { SessionEnd } from '../link/wire.js';
import type { Routes } from '../public-server.js';
import { createRate } from '../rate.js';
import { CLOSE } from './close-codes.js';
import { createFrameBudget } from './frame-budget.js';
import type { Hub } from './hub.js';
import type { SocketData } from './session.js';

/** Longer frames are malformed; uWebSockets cuts the connection where one is longer than MAX_PAYLOAD. */
const MAX_FRAME = 256;
const MAX_PAYLOAD = 16 * 1024;
/** The hub writes nothing to a socket that buffers; this bounds the answers to heartbeats. */
const MAX_BUFFERED = 64 * 1024;
/**
 * Confirmations of what sockets were not sent, of all devices: the core looks for each of them in the store. Beyond
 * that they are not taken: the messages come again with the next session.
 */
const STRAY_CONFIRMATIONS = { perSecond: 1000, burst: 2000 };
/** The close code of a connection that ended without a close frame: its descriptor is free. */
const CUT = 1006;

/** The close code of the core for an id that nobody has. */
const NOT_REGISTERED = 4404;

/** The words of uWebSockets for a socket that has not answered its ping. */
const TIMED_OUT = 'WebSocket timed out from inactivity';

/** The only subprotocol that is spoken; clients need not ask for it. */
const SUBPROTOCOL = 'onepush.v1';
/** In any case, and with white space around: what some client writes so would come again until it expires. */
const CONFIRM = /^\s*CFM:\s*([1-9]\d{0,15})\s*$/i;
const HEARTBEAT = /^\s*HBT/i;
/** Means to be a confirmation. */
const CONFIRM_LIKE = /^\s*CFM/i;
/** An id that nobody gave out. */
const UNKNOWN_ID = /^\s*CFM:\s*\d+\s*$/i;

/** Told of every socket, those that are turned away too. */
export interface SocketObserver {
  /** A socket was accepted. */
  opened(): void;
  /** A socket has closed with this code. */
  closed(code: number): void;
}

/** The WebSocket endpoint: `/msgpush.ws`. */
export function serveWebSockets(
  app: Pick<Routes, 'ws'>,
  path: string,
  options: {
    hub: Hub;
    observer: SocketObserver;
    connections: Connections;
    /** Finds the client of a request. */
    findClient: FindClient;
    /** Limits of what one address may do. */
    limits: AddressLimits;
    /** Answers what is not upgraded. */
    refuse: Refuse;
    /** Seconds without a word from a socket after which it is pinged. */
    pingSeconds: number;
  },
): void {
  const { hub, observer, connections, findClient, limits, refuse, pingSeconds } = options;
  const budget = createFrameBudget();
  const strays = createRate(STRAY_CONFIRMATIONS);

  const behavior: WebSocketBehavior<SocketData> = {
    maxPayloadLength: MAX_PAYLOAD,
    // A frame may be larger than the bound for what is already buffered; the hub stops at the first one that is.
    maxBackpressure: MAX_BUFFERED,
    idleTimeout: idleSeconds(pingSeconds),
    sendPingsAutomatically: true,

    upgrade(res, req, context) {
      // uWebSockets comes here for every GET with a key, and does not look for the rest.
      const head = readHead(req);
      if (!isHandshake(req, head)) {
        refuse(res, req, new OnePushError('UPGRADE_REQUIRED'));
        return;
      }
      if (connections.isCrowded()) {
        refuse(res, req, new OnePushError('OVERLOADED', { hint: 'too many connections are turned away' }));
        return;
      }
      const client = findClient(textOfAddress(res.getRemoteAddress()), head);
      const excess = limits.connecting(client);
      if (excess !== undefined) {
        refuse(res, req, excess);
        return;
      }
      const protocols = protocolsOf(req.getHeader('sec-websocket-protocol'));
      const { authorization } = head;
      const deviceId = findDeviceId({ authorization, protocols, query: req.getQuery('deviceId') });
      // Accepted in any case: only an open socket can be closed with a code that says why.
      res.upgrade<SocketData>(
        {
          deviceId,
          session: undefined,
          paidUntil: 0,
          network: client.isExempt ? '' : client.network,
          takesControl: req.getQuery('control') === '1',
        },
        req.getHeader('sec-websocket-key'),
        protocols.includes(SUBPROTOCOL) ? SUBPROTOCOL : '',
        req.getHeader('sec-websocket-extensions'),
        context,
      );
    },

    open(ws) {
      observer.opened();
      const data = ws.getUserData();
      const isWithin = limits.opened(data.network);
      if (data.deviceId === undefined) {
        ws.end(CLOSE.malformed, 'deviceId must be the id that register gave');
        return;
      }
      budget.opened(data);
      if (!isWithin) {
        ws.end(CLOSE.tooMany, 'too many connections of one address');
        return;
      }
      data.session = hub.open(ws, data.deviceId, { takesControl: data.takesControl });
      if (data.session === undefined) ws.end(CLOSE.tooMany, 'too many connections');
    },

    message(ws, message, isBinary) {
      const data = ws.getUserData();
      const { session } = data;
      if (session === undefined) return;
      if (isBinary || message.byteLength > MAX_FRAME) {
        ws.end(CLOSE.malformed, isBinary ? 'frames must be text' : `frames must be at most ${MAX_FRAME} bytes`);
        return;
      }
      const text = Buffer.from(message).toString('latin1');
      const id = Number(CONFIRM.exec(text)?.[1]);
      if (session.unconfirmed?.has(id)) {
        hub.confirm(session, id);
        return;
      }
      if (!budget.spend(data)) {
        ws.end(CLOSE.tooFast, 'too many frames');
        return;
      }
      if (HEARTBEAT.test(text)) ws.send('ACK1');
      else if (Number.isSafeInteger(id)) {
        if (strays.take()) hub.confirm(session, id);
      } else if (CONFIRM_LIKE.test(text) && !UNKNOWN_ID.test(text)) {
        ws.end(CLOSE.malformed, 'a confirmation is CFM: and the id of a message');
      }
    },

    // uWebSockets has answered it; only their number matters.
    ping(ws) {
      const data = ws.getUserData();
      if (data.session !== undefined && !budget.spend(data)) ws.end(CLOSE.tooFast, 'too many frames');
    },

    pong(ws, payload) {
      const data = ws.getUserData();
      if (data.session === undefined || hub.pong(data.session, payload)) return;
      // It answers a ping of uWebSockets, or nothing at all.
      if (!budget.spend(data)) ws.end(CLOSE.tooFast, 'too many frames');
    },

    drain(ws) {
      const { session } = ws.getUserData();
      if (session !== undefined) hub.drained(session);
    },

    close(ws, code, message) {
      observer.closed(code);
      const data = ws.getUserData();
      limits.closed(data.network);
      if (code === NOT_REGISTERED) limits.unknownId(data.network);
      if (code === CUT && data.session !== undefined && isTimeout(message)) data.session.end = SessionEnd.DEAD;
      if (code === CUT) connections.closed();
      else connections.left();
      budget.closed(data);
      if (data.session !== undefined) hub.closed(data.session);
      data.session = undefined;
    },
  };
  app.ws(path, behavior);
  app.ws(`${path}/`, behavior);
}

/**
 * Returns the idle timeout of uWebSockets for a ping after so many seconds of silence. It pings 16 seconds before it
 * closes the socket, 8 or 4 where the timeout is below 32 or 16; both moments may be 4 seconds late.
 */
function idleSeconds(pingSeconds: number): number {
  if (pingSeconds >= 16) return pingSeconds + 16;
  return pingSeconds + (pingSeconds >= 8 ? 8 : 4);
}

function isTimeout(message: ArrayBuffer): boolean {
  return message.byteLength > 0 && Buffer.from(message).toString('latin1') === TIMED_OUT;
}

/** Returns true if it asks for a WebSocket as RFC 6455 has it, and for nothing else. */
function isHandshake(req: HttpRequest, { hasBody, isTooLarge, ambiguity }: RequestHead): boolean {
  return !hasBody && !isTooLarge && ambiguity === undefined && req.getHeader('upgrade').toLowerCase() === 'websocket';
}
