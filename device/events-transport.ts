import { type Fetch, host } from './host.js';
import { CUT, createHttpSession } from './http-session.js';
import type { Transport } from './transport.js';

/**
 * Returns the transport over Server-Sent Events, for where WebSockets are blocked: a stream that `fetch` reads. React
 * Native has no such streams.
 *
 * @param fetch by default that of the runtime
 */
export function eventsTransport(fetch?: Fetch): Transport {
  return {
    open(target, events) {
      const { TextDecoder } = host;
      const session = createHttpSession(target, fetch);
      const call = new host.AbortController();
      let isOver = false;
      let isOpen = false;

      function end(code: number, reason = ''): void {
        if (isOver) return;
        isOver = true;
        events.closed(code, reason);
      }

      function take(block: string): void {
        let name = '';
        let id: string | undefined;
        const data: string[] = [];
        for (const line of block.split('\n')) {
          const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
          if (field === 'event') name = value;
          else if (field === 'id') id = value;
          else if (field === 'data') data.push(value);
        }
        const text = data.join('\n');
        if (name === 'close') {
          session.forget();
          const { code, reason } = JSON.parse(text);
          end(code, reason);
          return;
        }
        if (id !== undefined) session.reached(id);
        if (name === 'ping') session.acknowledge();
        else if (name === 'clear') events.frame(`CLR:${text}`);
        else if (text !== '') events.frame(text);
      }

      async function read(): Promise<void> {
        const response = await session.receive(undefined, call.signal);
        const reader = response.body?.getReader();
        if (isOver) return;
        if (response.status !== 200 || reader === undefined || TextDecoder === undefined) {
          isOver = true;
          session.refused(response, events);
          return;
        }
        const decoder = new TextDecoder();
        let text = '';
        for (;;) {
          const { done, value } = await reader.read();
          if (done || isOver) return end(CUT);
          // Only now: a proxy may keep back what the edge writes.
          if (!isOpen) events.opened();
          isOpen = true;
          events.alive();
          const blocks = (text + decoder.decode(value, { stream: true })).split('\n\n');
          text = blocks.pop() ?? '';
          for (const block of blocks) if (!isOver) take(block);
        }
      }

      function stop(): void {
        isOver = true;
        call.abort();
      }

      read().catch(() => end(CUT));
      return {
        send(text) {
          // It is answered by a sign of life on the stream.
          if (text === 'HBT') session.acknowledge();
          else session.send(text);
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
