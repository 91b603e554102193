import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventsTransport, fallbackTransport, pollTransport, type Transport } from '../../../device/index.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A request that a test answers. */
interface Asked {
  readonly url: string;
  readonly body: unknown;
  readonly cursor: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Answers with a whole body. */
  answer(status: number, text: string, headers?: Record<string, string>): Promise<void>;
  /** Begins a stream; returns what writes on it, and ends it when it is given nothing. */
  stream(): (text?: string) => Promise<void>;
}

const turns = () => vi.advanceTimersByTimeAsync(0);

/** A `fetch` that a test is the server of. */
function createServer() {
  const asked: Asked[] = [];
  type Init = { body?: string; headers: Record<string, string>; signal?: AbortSignal };
  const fetch = (url: string, given: object): Promise<never> => {
    // As the transports give it.
    const { body, headers, signal } = given as Init;
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
      const respond = (response: object): Promise<unknown> => {
        // Of a response, the transports use what this one has.
        resolve(response as never);
        return turns();
      };
      asked.push({
        url,
        body: body && JSON.parse(body),
        cursor: headers['Last-Event-ID'],
        signal,
        async answer(status, text, more = {}) {
          await respond({ status, headers: { get: (name: string) => more[name] ?? null }, text: async () => text });
        },
        stream() {
          let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
          const readable = new ReadableStream<Uint8Array>({
            start(own) {
              controller = own;
              signal?.addEventListener('abort', () => own.error(new Error('aborted')));
            },
          });
          void respond({ status: 200, headers: { get: () => null }, body: readable });
          return async (text) => {
            if (text === undefined) controller?.close();
            else controller?.enqueue(new TextEncoder().encode(text));
            await turns();
          };
        },
      });
    });
  };
  return { asked, fetch, last: () => asked.at(-1) ?? expect.unreachable() };
}

let devices = 0;

/** Opens a transport for a device that no other test has; returns its link and what it tells. */
function open(transport: Transport, deviceId = `device-${++devices}`) {
  const told: string[] = [];
  const link = transport.open(
    { url: 'http://edge.test', deviceId },
    {
      opened: () => told.push('opened'),
      frame: (text) => told.push(text),
      alive: () => undefined,
      closed: (code, reason) => told.push(`closed ${code} ${reason}`),
    },
  );
  return { link, told, deviceId };
}

describe('the transport over Server-Sent Events', () => {
  it('is open when the first bytes have come, and gives each message as it came, however it is cut', async () => {
    const { fetch, last } = createServer();
    const { told } = open(eventsTransport(fetch));
    expect(last().url).toBe('http://edge.test/msgpush/events');
    const write = last().stream();
    await turns();
    expect(told).toEqual([]);
    await write('retry: 1000\nid: t.0\n\n:\n\nid: t.1\nda');
    await write('ta: {"id":"1","extra":9223372036854775807}\n\nid: t.2\ndata: {\ndata: "id":"2"}\n');
    expect(told).toEqual(['opened', '{"id":"1","extra":9223372036854775807}']);
    await write('\nevent: clear\ndata: 7\n\n');
    expect(told.slice(2)).toEqual(['{\n"id":"2"}', 'CLR:7']);
    await write();
    expect(told.at(-1)).toBe('closed 1006 ');
  });

  it('answers a ping with how far it has come, and goes on from there with the next stream', async () => {
    const { fetch, asked, last } = createServer();
    const { told, deviceId } = open(eventsTransport(fetch));
    const write = last().stream();
    await write('id: t.1\ndata: {"id":"1"}\n\nevent: ping\ndata: t.1\n\n');
    expect(last()).toMatchObject({ url: 'http://edge.test/msgpush/confirm', body: { cursor: 't.1' } });
    await write();
    open(eventsTransport(fetch), deviceId);
    expect(last().cursor).toBe('t.1');
    await last().stream()('event: close\nid: closed.4409\ndata: {"code":4409,"reason":"replaced"}\n\n');
    open(eventsTransport(fetch), deviceId);
    expect(last().cursor).toBeUndefined();
    expect(told).toEqual(['opened', '{"id":"1"}', 'closed 1006 ']);
    expect(asked.filter(({ url }) => url.endsWith('/confirm'))).toHaveLength(1);
  });

  it('confirms together what is confirmed together', async () => {
    const { fetch, last } = createServer();
    const { link } = open(eventsTransport(fetch));
    for (const id of ['1', '2', '3']) link.send(`CFM:${id}`);
    await vi.advanceTimersByTimeAsync(100);
    expect(last().body).toEqual({ ids: ['1', '2', '3'] });
  });

  it.each([
    [404, {}, 'closed 4404 '],
    [429, { 'Retry-After': '7' }, 'closed 1012 reconnect after 7000 ms'],
    [502, {}, 'closed 1006 '],
  ])('tells what %i means', async (status, headers, expected) => {
    for (const transport of [eventsTransport, pollTransport]) {
      const { fetch, last } = createServer();
      const { told } = open(transport(fetch));
      await last().answer(status, '{}', headers);
      expect(told).toEqual([expected]);
    }
  });

  it('tells nothing any more once it is closed, and has acknowledged what it had', async () => {
    const { fetch, asked, last } = createServer();
    const { link, told } = open(eventsTransport(fetch));
    const write = last().stream();
    await write('id: t.1\ndata: {"id":"1"}\n\n');
    link.close();
    await turns();
    expect(asked[0]?.signal?.aborted).toBe(true);
    expect(last().body).toEqual({ cursor: 't.1' });
    expect(told).toEqual(['opened', '{"id":"1"}']);
  });
});

describe('the transport by long poll', () => {
  it('asks again with each cursor, and gives messages to the digit', async () => {
    const { fetch, last } = createServer();
    const { told } = open(pollTransport(fetch));
    expect(last().url).toBe('http://edge.test/msgpush/events?wait=0');
    await last().answer(200, '{"messages":[],"cursor":"t.0"}');
    expect(last()).toMatchObject({ url: 'http://edge.test/msgpush/events?wait=25', cursor: 't.0' });
    const one = '{"id":"1","extra":{"a":[9223372036854775807,"]}\\"["]}}';
    await last().answer(200, `{"messages":[${one},{"id":"2"}],"cursor":"t.2"}`);
    expect(last().cursor).toBe('t.2');
    await last().answer(200, '{"messages":[],"close":{"code":4410,"reason":"gone"}}');
    expect(told).toEqual(['opened', one, '{"id":"2"}', 'closed 4410 gone']);
  });

  it('asks at once when it is to show that the server is there', async () => {
    const { fetch, asked, last } = createServer();
    const { link, told } = open(pollTransport(fetch));
    await last().answer(200, '{"messages":[],"cursor":"t.0"}');
    link.send('HBT');
    await turns();
    expect(asked.map(({ url }) => url.split('?')[1])).toEqual(['wait=0', 'wait=25', 'wait=0']);
    expect(asked[1]?.signal?.aborted).toBe(true);
    await last().answer(200, '{"messages":[],"cursor":"t.0"}');
    expect(told).toEqual(['opened']);
  });
});

describe('transports that stand in for one another', () => {
  /** A transport that opens when it is told to, or is blocked. */
  function createScripted(name: string, tried: string[]) {
    const state = { isBlocked: true };
    const transport: Transport = {
      open(_target, events) {
        tried.push(name);
        if (state.isBlocked) events.closed(1006, '');
        else events.opened();
        return { send: () => undefined, close: () => undefined, cut: () => undefined };
      },
    };
    return { transport, state };
  }

  it('are tried in turn, each twice; the first again after a minute, and later each time that it fails', async () => {
    const tried: string[] = [];
    const [one, two, three] = ['one', 'two', 'three'].map((name) => createScripted(name, tried));
    if (one === undefined || two === undefined || three === undefined) return expect.unreachable();
    const transport = fallbackTransport([one.transport, two.transport, three.transport]);
    two.state.isBlocked = false;
    const first = [open(transport), open(transport), open(transport)];
    expect(tried).toEqual(['one', 'one', 'two']);
    expect(first[2]?.told).toEqual(['opened']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(first[2]?.told).toEqual(['opened', 'closed 1012 reconnect after 0 ms']);
    // Once is enough then.
    const [, again] = [open(transport), open(transport)];
    expect(tried.slice(3)).toEqual(['one', 'two']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(again.told).toEqual(['opened']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(again.told).toHaveLength(2);
    one.state.isBlocked = false;
    const back = open(transport);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([tried.at(-1), back.told]).toEqual(['one', ['opened']]);
  });

  it('are not changed by a refusal, which shows that the server is there', () => {
    const tried: string[] = [];
    const refusing: Transport = {
      open(_target, events) {
        tried.push('one');
        events.closed(4404, '');
        return { send: () => undefined, close: () => undefined, cut: () => undefined };
      },
    };
    const transport = fallbackTransport([refusing, createScripted('two', tried).transport]);
    for (let n = 0; n < 4; n++) open(transport);
    expect(tried).toEqual(['one', 'one', 'one', 'one']);
  });
});
