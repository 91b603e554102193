import uWS, { type TemplatedApp, type us_listen_socket, type WebSocket } from 'uWebSockets.js';
import { serve } from '../child.js';

/** The bare floor: one uWebSockets process with the same requests, sockets and frames, that stores nothing. */
export interface FloorServer {
  listen(input: null): Promise<{ port: number }>;
  /** `broadcast`: how a message to everyone goes out. `greeting`: messages that a socket gets when it opens. */
  configure(input: { broadcast: Broadcast; greeting: number }): void;
}

/** uWebSockets' own publish, or a loop of corked sends. */
export type Broadcast = 'publish' | 'send';

interface SocketData {
  deviceId: string;
}

const EVERYONE = 'everyone';
const FIRST_ID = 123_000_000_000_000;

let broadcast: Broadcast = 'publish';
let greeting = 0;
let lastId = FIRST_ID;
const sockets = new Map<string, WebSocket<SocketData>>();

const app: TemplatedApp = uWS.App();

/** The members of the frame that ONE-PUSH sends. */
function toFrame(alert: string): string {
  const head = { id: String(++lastId), appId: 'testapp1', tenantCode: '' };
  return JSON.stringify({ ...head, alert, pushMsgType: 'MSG', needConfirm: false });
}

function push(audiences: readonly string[], frame: string): void {
  for (const audience of audiences) {
    if (audience !== 'ALL') sockets.get(audience)?.send(frame);
    else if (broadcast === 'publish') app.publish(EVERYONE, frame);
    else for (const ws of sockets.values()) ws.cork(() => void ws.send(frame));
  }
}

app.post('/msgpush/send', (res) => {
  let parts: Buffer[] = [];
  let aborted = false;
  res.onAborted(() => {
    aborted = true;
  });
  res.onData((chunk, isLast) => {
    // The chunk is gone when this returns: it is copied only where more follows.
    if (!isLast) {
      parts = [...parts, Buffer.from(new Uint8Array(chunk))];
      return;
    }
    const body = parts.length === 0 ? Buffer.from(chunk) : Buffer.concat([...parts, Buffer.from(chunk)]);
    const { audiences, alert }: { audiences: string[]; alert: string } = JSON.parse(body.toString());
    push(audiences, toFrame(alert));
    if (aborted) return;
    res.cork(() => {
      res.writeHeader('Content-Type', 'application/json; charset=utf-8');
      res.end(`{"requestId":"${lastId}"}`);
    });
  });
});

app.ws<SocketData>('/msgpush.ws', {
  idleTimeout: 120,
  maxBackpressure: 64 * 1024,
  maxPayloadLength: 16 * 1024,
  sendPingsAutomatically: true,
  upgrade(res, req, context) {
    res.upgrade<SocketData>(
      { deviceId: req.getQuery('deviceId') ?? '' },
      req.getHeader('sec-websocket-key'),
      req.getHeader('sec-websocket-protocol'),
      req.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open(ws) {
    sockets.set(ws.getUserData().deviceId, ws);
    ws.subscribe(EVERYONE);
    if (greeting === 0) return;
    ws.cork(() => {
      for (let sent = 0; sent < greeting; sent++) ws.send(toFrame('hello hello hello hello'));
    });
  },
  close(ws) {
    const { deviceId } = ws.getUserData();
    if (sockets.get(deviceId) === ws) sockets.delete(deviceId);
  },
});

serve<FloorServer>({
  configure(options) {
    ({ broadcast, greeting } = options);
  },
  listen() {
    return new Promise((resolve, reject) => {
      app.listen('127.0.0.1', 0, (socket: us_listen_socket | false) => {
        if (socket) resolve({ port: uWS.us_socket_local_port(socket) });
        else reject(new Error('the floor cannot listen'));
      });
    });
  },
});
