import { type Fetch, host } from './host.js';
import { CUT, createHttpSession } from './http-session.js';
import type { Transport } from './transport.js';

/** Seconds that a request waits for messages; proxies give one up after 60. */
const WAIT_SECONDS = 25;

/**
 * Returns the transport by long poll, which gets through wherever HTTP does.
 *
 * @param fetch by default that of the runtime
 */
export function pollTransport(fetch?: Fetch): Transport {
  return {
    open(target, events) {
      const session = createHttpSession(target, fetch);
      let call = new host.AbortController();
      let isOver = false;
      let isOpen = false;
      /** The next answer is to come at once: it shows that the server is there. */
      let isHurried = true;

      function end(code: number, reason = ''): void {
        if (isOver) return;
        isOver = true;
        events.closed(code, reason);
      }

      /** Asks once. Rejects if the request was given up, or failed. */
      async function ask(): Promise<void> {
        const wait = isHurried ? 0 : WAIT_SECONDS;
        isHurried = false;
        const response = await session.receive(wait, call.signal);
        if (response.status !== 200) {
          isOver = true;
          session.refused(response, events);
          return;
        }
        const text = await response.text();
        if (isOver) return;
        const { cursor, close, cleared = [] } = JSON.parse(text);
        if (close !== undefined) {
          session.forget();
          end(close.code, close.reason);
          return;
        }
        if (!isOpen) events.opened();
        isOpen = true;
        events.alive();
        session.reached(cursor);
        for (const id of cleared) events.frame(`CLR:${id}`);
        for (const message of splitMessages(text)) if (!isOver) events.frame(message);
      }

      async function run(): Promise<void> {
        while (!isOver) {
          const own = call;
          await ask().catch((error: unknown) => {
            // A request that was given up for another one is no failure.
            if (own === call) throw error;
          });
        }
      }

      function stop(): void {
        isOver = true;
        call.abort();
      }

      run().catch(() => end(CUT));
      return {
        send(text) {
          if (text !== 'HBT') {
            session.send(text);
            return;
          }
          isHurried = true;
          const given = call;
          call = new host.AbortController();
          given.abort();
        },
        close() {
          if (isOpen) session.acknowledge();
          stop();
        },
        cut: stop,
      };
    },
  };
}

/** Returns the messages of an answer as they stand there: their numbers may have more digits than JavaScript's. */
function splitMessages(answer: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = answer.indexOf('[') + 1; at < answer.length; at++) {
    const char = answer[at];
    if (char === '"') {
      for (at++; answer[at] !== '"'; at++) if (answer[at] === '\\') at++;
    } else if (char === '{' || char === '[') {
      if (depth++ === 0) start = at;
    } else if (char === '}' || char === ']') {
      if (depth === 0) break;
      if (--depth === 0) found.push(answer.slice(start, at + 1));
    }
  }
  return found;
}
