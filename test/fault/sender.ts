import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { TEST_APP } from '../support/stack.js';
import type { Target } from './population.js';

export interface Push extends Target {
  needConfirm: boolean;
  /** Characters of payload beside the alert. */
  bulk?: number;
}

/** How a send ended; `seconds` from the call to its answer. */
export type Answer = { seconds: number } & (
  | { kind: 'accepted'; pushId: number }
  /** 503 with Retry-After. */
  | { kind: 'refused' }
  /** The connection was refused, or was cut before the answer came. */
  | { kind: 'cut'; code: string }
  /** Anything that a caller should never see. */
  | { kind: 'wrong'; what: string }
);

/** A back end that sends over kept connections, as many as it has sends under way. */
export interface Sender {
  /** Never rejects. */
  send(push: Push): Promise<Answer>;
  stop(): void;
}

/**
 * From this idle time on the edge may close a connection, in milliseconds: a send that meets the close is sent again.
 */
const CLOSED_AFTER = 7500;

export function createSender(httpUrl: string): Sender {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(httpUrl);
  const lastUsed = new WeakMap<Socket, number>();
  return {
    send({ audienceType, audiences, needConfirm, bulk }) {
      const extra = bulk === undefined ? undefined : 'x'.repeat(bulk);
      const body = JSON.stringify({ ...TEST_APP, audienceType, audiences, needConfirm, alert: 'under fault', extra });
      const began = performance.now();
      const attempt = (resolve: (answer: Answer) => void): void => {
        const finish = (answer: Answer extends infer A ? (A extends unknown ? Omit<A, 'seconds'> : never) : never) =>
          resolve({ ...answer, seconds: (performance.now() - began) / 1000 } as Answer);
        const outgoing = request(
          {
            agent,
            hostname,
            port,
            method: 'POST',
            path: '/msgpush/send',
            headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
          },
          (incoming) => {
            let text = '';
            incoming.setEncoding('utf8');
            incoming.on('data', (chunk: string) => {
              text += chunk;
            });
            incoming.on('error', (error: NodeJS.ErrnoException) => finish({ kind: 'cut', code: error.code ?? '' }));
            incoming.on('end', () => finish(judge(incoming.statusCode, incoming.headers['retry-after'], text)));
          },
        );
        let idle = 0;
        outgoing.on('socket', (socket) => {
          idle = began - (lastUsed.get(socket) ?? began);
          outgoing.once('close', () => lastUsed.set(socket, performance.now()));
        });
        outgoing.on('error', (error: NodeJS.ErrnoException) => {
          if (outgoing.reusedSocket && idle > CLOSED_AFTER) attempt(resolve);
          else finish({ kind: 'cut', code: `${error.code} after ${(idle / 1000).toFixed(1)} s idle` });
        });
        outgoing.end(body);
      };
      return new Promise(attempt);
    },
    stop: () => agent.destroy(),
  };
}

function judge(status: number | undefined, retryAfter: string | undefined, text: string) {
  const id = /^\{"requestId":"(\d+)"\}$/.exec(text)?.[1];
  if (status === 200 && id !== undefined) return { kind: 'accepted', pushId: Number(id) } as const;
  if (status === 503 && /^\d+$/.test(retryAfter ?? '')) return { kind: 'refused' } as const;
  return { kind: 'wrong', what: `${status} (retry after ${retryAfter}): ${text.slice(0, 200)}` } as const;
}
