import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.js';
import { createLedger, type Ledger } from './ledger.js';

/**
 * How a device behaves:
 * - prompt: confirms at once;
 * - twice: confirms at once, and again a little later;
 * - late: confirms after the edge has sent the message again;
 * - muddled: confirms what does not exist, what is not its own and what is no id before it confirms the right one.
 */
export type Behaviour = 'prompt' | 'twice' | 'late' | 'muddled';

/** A client as an app would have it: reconnects with backoff and jitter, confirms, and keeps a ledger. */
export interface FleetDevice {
  readonly deviceId: string;
  readonly ledger: Ledger;
  /** Close codes after which a client must not reconnect; there should be none. */
  readonly refusals: readonly number[];
  /** How often a connection ended without this device ending it. */
  cuts(): number;
  connect(): void;
  isOpen(): boolean;
  /** Stops reading, so that what the edge sends piles up there. */
  deafen(): void;
  hear(): void;
  /** Reads on, to the end of the next message. */
  sip(): void;
  /** Cuts the connection with a reset, with whatever was not read, and reconnects like after any other cut. */
  reset(): void;
  /** Cuts the connection with a reset, or gives up connecting, and stays away. */
  vanish(): void;
  /** Confirms all that it has and has not confirmed. */
  confirmAll(): void;
  /** Closes in order, when it has acknowledged what came or a little later, and resolves when that is done. */
  close(): Promise<void>;
}

const BACKOFF_MIN = 100;
const BACKOFF_MAX = 1500;
const HEARTBEAT_DELAY = 200;
/** The edge sends a ping behind messages within a second of the one before. */
const PINGED_WITHIN = 3000;
/** The edge may have ended the connection as dead while the device was about to close it. */
const WITHOUT_A_CLOSE_FRAME = 1006;
const FRAME = /^\{"id":"(\d+)".*?"needConfirm":(true|false)/s;

export function createFleetDevice(options: {
  wsUrl: string;
  deviceId: string;
  behaviour: Behaviour;
  /** Milliseconds after which the edge sends an unconfirmed message again. */
  confirmInterval: number;
}): FleetDevice {
  const { wsUrl, deviceId, behaviour, confirmInterval } = options;
  const ledger = createLedger();
  const refusals: number[] = [];
  let socket: WebSocket | undefined;
  let wanted = false;
  let attempt = 0;
  let cuts = 0;
  let beating: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;

  function connect(): void {
    const opened = new WebSocket(`${wsUrl}?deviceId=${deviceId}`, {
      perMessageDeflate: false,
      handshakeTimeout: 5000,
    });
    let wasOpen = false;
    socket = opened;
    opened.on('open', () => {
      wasOpen = true;
      attempt = 0;
      ledger.connected();
    });
    opened.on('message', (data) => {
      if (socket === opened) received(opened, data.toString());
    });
    // The socket answers it by itself. One of uWebSockets has no payload.
    opened.on('ping', (payload) => {
      if (socket === opened && payload.length > 0) ledger.pinged();
    });
    opened.on('error', () => {});
    opened.on('close', (code) => {
      if (socket !== opened) return;
      clearTimeout(beating);
      beating = undefined;
      if (wasOpen) ledger.disconnected(wanted || code === WITHOUT_A_CLOSE_FRAME);
      if (!wanted) return;
      if (wasOpen) cuts++;
      if (code >= 4400) {
        refusals.push(code);
        wanted = false;
        return;
      }
      const delay = Math.min(BACKOFF_MAX, BACKOFF_MIN * 2 ** attempt++) * (0.5 + Math.random() / 2);
      retry = setTimeout(connect, delay);
    });
  }

  function received(from: WebSocket, text: string): void {
    if (text === 'ACK1') {
      ledger.answered();
      return;
    }
    const [, id, needConfirm] = FRAME.exec(text) ?? [];
    if (id === undefined) throw new Error(`a frame that is no message: ${text.slice(0, 100)}`);
    const pushId = Number(id);
    ledger.arrived(pushId, needConfirm === 'true');
    if (needConfirm !== 'true') return;
    switch (behaviour) {
      case 'prompt':
        confirm(from, pushId);
        return;
      case 'twice':
        confirm(from, pushId);
        setTimeout(() => confirm(from, pushId), 50);
        return;
      case 'late':
        setTimeout(() => confirm(from, pushId), confirmInterval * 1.5);
        return;
      case 'muddled':
        // Without a number it would close the socket.
        for (const wrong of [pushId + 1, pushId - 1, 1, '0', `${pushId}0`, '9'.repeat(16)]) {
          if (from.readyState === WebSocket.OPEN) from.send(`CFM:${wrong}`);
        }
        confirm(from, pushId);
        return;
    }
  }

  function confirm(on: WebSocket, pushId: number): void {
    if (on !== socket || on.readyState !== WebSocket.OPEN) return;
    on.send(`CFM:${pushId}`);
    ledger.confirmed(pushId);
    beating ??= setTimeout(() => {
      beating = undefined;
      if (on !== socket || on.readyState !== WebSocket.OPEN) return;
      ledger.asked();
      on.send('HBT');
    }, HEARTBEAT_DELAY);
  }

  return {
    deviceId,
    ledger,
    refusals,
    cuts: () => cuts,
    connect() {
      wanted = true;
      connect();
    },
    isOpen: () => socket?.readyState === WebSocket.OPEN,
    deafen: () => socket?.pause(),
    hear: () => socket?.resume(),
    sip() {
      const sipping = socket;
      sipping?.once('message', () => sipping.pause());
      sipping?.resume();
    },
    reset() {
      tcpOf(socket)?.resetAndDestroy();
    },
    vanish() {
      wanted = false;
      clearTimeout(retry);
      if (socket?.readyState === WebSocket.OPEN) tcpOf(socket)?.resetAndDestroy();
      else socket?.terminate();
    },
    confirmAll() {
      if (socket !== undefined) for (const pushId of ledger.unconfirmed()) confirm(socket, pushId);
    },
    async close() {
      wanted = false;
      clearTimeout(retry);
      const closing = socket;
      const isClosed = () => closing === undefined || closing.readyState === WebSocket.CLOSED;
      const isDone = () => isClosed() || ledger.hasAcknowledged();
      await eventually(isDone, { timeoutMs: PINGED_WITHIN }).catch(() => {});
      if (closing === undefined || isClosed()) return;
      const closed = new Promise((resolve) => closing.once('close', resolve));
      closing.close();
      await closed;
    },
  };
}

/** ws keeps the TCP socket to itself; there is no other way to send a reset. */
function tcpOf(socket: WebSocket | undefined): Socket | null | undefined {
  return (socket as unknown as { _socket: Socket | null } | undefined)?._socket;
}
