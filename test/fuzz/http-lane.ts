import { connect, type Socket } from 'node:net';
import type { HttpInput } from './input/http.js';

/** One answer as it came. */
export interface HttpAnswer {
  status: number;
  /** By lower-case name. */
  headers: Map<string, string>;
  head: string;
  /** Without the marks of chunks. Latin-1, a character a byte, as the head. */
  body: string;
}

/** What came of an input. */
export type HttpOutcome =
  | { kind: 'answered'; answer: HttpAnswer }
  /** An answer that goes on has begun. */
  | { kind: 'begun'; text: string }
  /** The connection has ended; `text` is what had come. */
  | { kind: 'closed'; text: string }
  /** Neither, for as long as `patienceMs`. */
  | { kind: 'silent'; text: string };

/** Sends inputs one after the other, on the same connection while it is kept. */
export interface HttpLane {
  /**
   * A whole request: resolves with its answer, or at the end of the connection. Anything else: half-closes behind it,
   * and resolves at the end of the connection.
   *
   * @param hasBegun whether what has come is enough, though the answer is not whole; then the connection is cut
   */
  send(input: HttpInput, patienceMs: number, hasBegun?: (text: string) => boolean): Promise<HttpOutcome>;
  /** What came on the kept connection though nobody had asked; then it is forgotten. */
  takeStray(): string;
  close(): void;
}

export function createHttpLane(url: string): HttpLane {
  const { hostname, port } = new URL(url);
  let kept: Socket | undefined;
  let stray = '';

  function dial(): Socket {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('error', () => {});
    return socket;
  }

  function exchange(input: HttpInput, patienceMs: number, hasBegun: (text: string) => boolean): Promise<HttpOutcome> {
    const socket = kept ?? dial();
    kept = undefined;
    socket.removeAllListeners('data').removeAllListeners('close');
    return new Promise((resolve) => {
      let text = '';
      const finish = (outcome: HttpOutcome, isKept = false): void => {
        clearTimeout(timer);
        socket.removeAllListeners('data').removeAllListeners('close');
        if (isKept) {
          kept = socket;
          socket.on('data', (more) => {
            stray += more;
          });
          socket.once('close', () => {
            if (kept === socket) kept = undefined;
          });
        } else {
          socket.resetAndDestroy();
        }
        resolve(outcome);
      };
      const timer = setTimeout(() => finish({ kind: 'silent', text }), patienceMs);
      socket.on('data', (chunk) => {
        text += chunk;
        const answer = input.isWhole ? parseAnswer(text) : undefined;
        if (answer !== undefined)
          finish(
            { kind: 'answered', answer },
            answer.status !== 101 && answer.headers.get('connection')?.toLowerCase() !== 'close',
          );
        else if (hasBegun(text)) finish({ kind: 'begun', text });
      });
      socket.once('close', () => {
        const answer = input.isWhole ? parseAnswer(text, true) : undefined;
        finish(answer === undefined ? { kind: 'closed', text } : { kind: 'answered', answer });
      });
      write(socket, input);
    });
  }

  return {
    async send(input, patienceMs, hasBegun = () => false) {
      const wasKept = kept !== undefined;
      const outcome = await exchange(input, patienceMs, hasBegun);
      // The other side may end a connection that is idle just when the next request goes.
      if (wasKept && input.isWhole && outcome.kind === 'closed' && outcome.text === '') {
        return exchange(input, patienceMs, hasBegun);
      }
      return outcome;
    },
    takeStray() {
      const found = stray;
      stray = '';
      return found;
    },
    close() {
      kept?.destroy();
    },
  };
}

function write(socket: Socket, { bytes, isWhole, cut }: HttpInput): void {
  if (cut === undefined) {
    socket.write(bytes);
  } else {
    socket.write(bytes.subarray(0, cut));
    setImmediate(() => socket.write(bytes.subarray(cut)));
  }
  if (!isWhole) socket.end();
}

/**
 * The first final answer in the text; undefined while it is not whole.
 *
 * @param isOver nothing more comes
 */
export function parseAnswer(text: string, isOver = false): HttpAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]);
  if (end < 0 || !(status >= 100)) return undefined;
  if (status < 200 && status !== 101) return parseAnswer(text.slice(end + 4), isOver);
  const head = text.slice(0, end);
  const headers = new Map(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const rest = text.slice(end + 4);
  const body = status === 204 || status === 101 ? '' : wholeBody(headers, rest, isOver);
  return body === undefined ? undefined : { status, headers, head, body };
}

function wholeBody(headers: ReadonlyMap<string, string>, rest: string, isOver: boolean): string | undefined {
  if (headers.get('transfer-encoding') === 'chunked')
    return rest.endsWith('0\r\n\r\n') ? withoutMarks(rest) : undefined;
  if (!headers.has('content-length')) return isOver ? rest : undefined;
  const length = Number(headers.get('content-length'));
  return rest.length >= length ? rest : undefined;
}

function withoutMarks(chunks: string): string {
  let body = '';
  for (let at = 0; ; ) {
    const end = chunks.indexOf('\r\n', at);
    const size = Number.parseInt(chunks.slice(at, end), 16);
    if (!(size > 0)) return body;
    body += chunks.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
}
