import { connectDevice, type Message } from './device.js';
import { eventually, WAIT_MS } from './eventually.js';
import { post } from './rest.js';

/** The end of a session, as its client was told; 1006: it was not. */
export interface Closing {
  code: number;
  reason: string;
}

/** A device that receives over one of the transports, as a well-behaved client of it does. */
export interface TransportDevice {
  /** Everything that came, in order. */
  readonly messages: readonly Message[];
  /** Never rejects. */
  readonly closed: Promise<Closing>;
  /** Resolves to the ids of all messages once there are at least `count`. */
  ids(count: number): Promise<string[]>;
  confirm(id: string): Promise<unknown>;
  /** Leaves as if the network had gone; what was not acknowledged stays so. */
  cut(): void;
}

/** Connects a device; resolves once its session is under way. */
export type Connect = (
  httpUrl: string,
  deviceId: string,
  options?: { cursor?: string; acknowledges?: boolean; wait?: number },
) => Promise<TransportDevice & { cursor(): string }>;

const bearer = (deviceId: string) => ({ authorization: `Bearer ${deviceId}` });

/** Confirms messages, or says what has been received, over HTTP. */
export function confirm(httpUrl: string, deviceId: string, body: { ids?: unknown; cursor?: unknown }) {
  return post<object>(httpUrl, '/msgpush/confirm', body, bearer(deviceId));
}

const webSocket: Connect = async (httpUrl, deviceId) => {
  const device = connectDevice(`${httpUrl.replace('http', 'ws')}/msgpush.ws`, deviceId);
  await device.opened;
  return {
    messages: device.messages,
    closed: device.closed,
    ids: async (count) => (await device.waitForCount(count)).map(({ id }) => id),
    confirm: async (id) => device.send(`CFM:${id}`),
    cut: () => device.terminate(),
    cursor: () => '',
  };
};

/** An event of a stream, as it came. */
export interface StreamEvent {
  event: string;
  data: string;
  id: string | undefined;
  retry: number | undefined;
}

/** Reads a stream of Server-Sent Events until it ends. Rejects where it is cut off. */
export async function readEvents(response: Response, take: (event: StreamEvent) => void): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    const blocks = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => [line.split(':', 1)[0], line.replace(/^[^:]*: ?/, '')] as const);
      const all = (name: string): string[] => fields.filter(([found]) => found === name).map(([, value]) => value);
      const [retry] = all('retry');
      take({
        event: all('event')[0] ?? 'message',
        data: all('data').join('\n'),
        id: all('id')[0],
        retry: retry === undefined ? undefined : Number(retry),
      });
    }
  }
}

/** Gathers what comes, and why it ended. */
function gather() {
  const messages: Message[] = [];
  let close: (closing: Closing) => void = () => {};
  const closed = new Promise<Closing>((resolve) => {
    close = resolve;
  });
  const ids = async (count: number): Promise<string[]> => {
    await eventually(() => messages.length >= count, { timeoutMs: WAIT_MS, message: `${count} messages` });
    return messages.map(({ id }) => id);
  };
  return { messages, close, closed, ids };
}

const events: Connect = async (httpUrl, deviceId, { cursor: first = '', acknowledges = true } = {}) => {
  const { messages, close, closed, ids } = gather();
  const controller = new AbortController();
  let cursor = first;
  const response = await fetch(`${httpUrl}/msgpush/events`, {
    headers: { ...bearer(deviceId), ...(first !== '' && { 'last-event-id': first }) },
    signal: controller.signal,
  });
  if (response.status !== 200) throw new Error(`the stream was answered ${response.status}`);
  let closing: Closing = { code: 1006, reason: '' };
  const reading = readEvents(response, ({ event, data, id }) => {
    if (event === 'ping' && acknowledges) confirm(httpUrl, deviceId, { cursor: data }).catch(() => {});
    if (event === 'close') closing = JSON.parse(data);
    if (event === 'message' && data !== '') messages.push(JSON.parse(data));
    if (id !== undefined) cursor = id;
  });
  reading.catch(() => {}).finally(() => close(closing));
  return {
    messages,
    closed,
    ids,
    confirm: (id) => confirm(httpUrl, deviceId, { ids: [id] }),
    cut: () => controller.abort(),
    cursor: () => cursor,
  };
};

/** A poll, and what it was answered. */
export async function poll(httpUrl: string, deviceId: string, cursor: string, wait: number, signal?: AbortSignal) {
  const response = await fetch(`${httpUrl}/msgpush/events?wait=${wait}`, {
    headers: { connection: 'close', ...bearer(deviceId), ...(cursor !== '' && { 'last-event-id': cursor }) },
    ...(signal !== undefined && { signal }),
  });
  if (response.status !== 200) throw new Error(`the poll was answered ${response.status}`);
  return (await response.json()) as { messages: Message[]; cursor?: string; close?: Closing };
}

const polls: Connect = async (httpUrl, deviceId, { cursor: first = '', wait = 20 } = {}) => {
  const { messages, close, closed, ids } = gather();
  const controller = new AbortController();
  let cursor = first;
  async function run(): Promise<void> {
    for (;;) {
      const answer = await poll(httpUrl, deviceId, cursor, wait, controller.signal);
      messages.push(...answer.messages);
      if (answer.close !== undefined) return close(answer.close);
      cursor = answer.cursor ?? cursor;
    }
  }
  // The first is answered at once: the session is there then.
  const answer = await poll(httpUrl, deviceId, cursor, 0);
  messages.push(...answer.messages);
  if (answer.close !== undefined) close(answer.close);
  else {
    cursor = answer.cursor ?? cursor;
    run().catch(() => close({ code: 1006, reason: '' }));
  }
  return {
    messages,
    closed,
    ids,
    confirm: (id) => confirm(httpUrl, deviceId, { ids: [id] }),
    cut: () => controller.abort(),
    cursor: () => cursor,
  };
};

/** All ways to receive. */
export const TRANSPORTS = { WebSocket: webSocket, 'Server-Sent Events': events, 'long poll': polls } as const;
