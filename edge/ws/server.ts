import type { TemplatedApp } from 'uWebSockets.js';
import { CLOSE } from './close-codes.js';
import type { Hub } from './hub.js';
import type { SocketData } from './session.js';

/** Longer frames are malformed; uWebSockets cuts the connection where one is longer than MAX_PAYLOAD. */
const MAX_FRAME = 256;
const MAX_PAYLOAD = 16 * 1024;
/** The hub writes nothing to a socket that buffers; this bounds the answers to heartbeats. */
const MAX_BUFFERED = 64 * 1024;
/** Seconds after which a socket that says nothing and answers no ping is dead. */
const IDLE_SECONDS = 120;

const DEVICE_ID = /^[0-9a-f]{32}$/;
const CONFIRM = /^CFM:([1-9]\d{0,15})$/;

/** Told of every socket, those that are turned away too. */
export interface SocketObserver {
  opened(): void;
  closed(code: number): void;
}

/** The WebSocket endpoint: `/msgpush.ws?deviceId=…`. */
export function serveWebSockets(app: TemplatedApp, path: string, hub: Hub, observer: SocketObserver): void {
  app.ws<SocketData>(path, {
    maxPayloadLength: MAX_PAYLOAD,
    // A frame may be larger than the bound for what is already buffered; the hub stops at the first one that is.
    maxBackpressure: MAX_BUFFERED,
    idleTimeout: IDLE_SECONDS,
    sendPingsAutomatically: true,

    upgrade(res, req, context) {
      const named = req.getQuery('deviceId') ?? '';
      const deviceId = DEVICE_ID.test(named) ? named : undefined;
      // Accepted in any case: only an open socket can be closed with a code that says why.
      res.upgrade<SocketData>(
        { deviceId, session: undefined },
        req.getHeader('sec-websocket-key'),
        req.getHeader('sec-websocket-protocol'),
        req.getHeader('sec-websocket-extensions'),
        context,
      );
    },

    open(ws) {
      observer.opened();
      const data = ws.getUserData();
      if (data.deviceId === undefined) {
        ws.end(CLOSE.malformed, 'deviceId must be the id that register gave');
        return;
      }
      data.session = hub.open(ws, data.deviceId);
      if (data.session === undefined) ws.end(CLOSE.tooMany, 'too many connections');
    },

    message(ws, message, isBinary) {
      const { session } = ws.getUserData();
      if (session === undefined) return;
      if (isBinary || message.byteLength > MAX_FRAME) {
        ws.end(CLOSE.malformed, isBinary ? 'frames must be text' : `frames must be at most ${MAX_FRAME} bytes`);
        return;
      }
      const text = Buffer.from(message).toString('latin1');
      if (text.startsWith('HBT')) {
        ws.send('ACK1');
        return;
      }
      const id = Number(CONFIRM.exec(text)?.[1]);
      if (Number.isSafeInteger(id)) hub.confirm(session, id);
    },

    drain(ws) {
      const { session } = ws.getUserData();
      if (session !== undefined) hub.drained(session);
    },

    close(ws, code) {
      observer.closed(code);
      const data = ws.getUserData();
      if (data.session !== undefined) hub.closed(data.session);
      data.session = undefined;
    },
  });
}
