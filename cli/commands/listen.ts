import { WebSocket } from 'ws';
import type { CommandSpec } from '../command.js';
import { EXITS, type Exit } from '../exits.js';
import { Failure, ofTls } from '../failure.js';

const HEARTBEAT_MS = 30_000;
/** Time that the edge has for the ping behind the last message: it sends none where it need not know. */
const ACKNOWLEDGED_MS = 3000;
/** Close codes of a server that goes away, and our own end. */
const FINE: ReadonlySet<number> = new Set([1000, 1001, 1005, 1012]);
/** Ends by the other close codes; what is not here is `failed`. */
const EXIT_BY_CLOSE: Readonly<Record<number, Exclude<Exit, 'ok'>>> = {
  4400: 'usage',
  4403: 'denied',
  4404: 'missing',
  4409: 'conflict',
  4410: 'missing',
  4429: 'limited',
};

/** `onepush listen`. */
export const listen: CommandSpec = {
  name: 'listen',
  summary: 'Prints what a device gets, until Ctrl-C or the close by the server',
  args: [{ name: '<device>', means: 'its id' }],
  options: [
    { flags: '--confirm', means: 'confirm what must be confirmed' },
    { flags: '--limit <number>', means: 'end after so many messages' },
  ],
  example: 'onepush listen 0123456789abcdef0123456789abcdef --confirm',
  json: {
    id: '244946072924160',
    appId: 'testapp1',
    tenantCode: '',
    alert: 'Hello',
    pushMsgType: 'MSG',
    needConfirm: false,
  },
  streams: true,
  async run(context, input) {
    const { terminal, signal } = context;
    const target = await context.target();
    const limit = input.integer('limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const url = `${target.edge.replace(/^http/, 'ws')}/msgpush.ws`;
    // Not in the address: proxies write that into their logs.
    const headers = { authorization: `Bearer ${input.required(0)}` };
    const socket = new WebSocket(url, { headers, ...(target.ca === undefined ? {} : { ca: target.ca }) });
    const heartbeat = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('HBT'), HEARTBEAT_MS);
    let seen = 0;
    socket.on('open', () => terminal.note('connected'));
    socket.on('message', (data) => {
      const text = String(data);
      if (text === 'ACK1' || seen >= limit) return;
      // The message as it came, to the digit.
      terminal.out(text);
      seen++;
      if (input.flag('confirm')) confirm(socket, text);
      if (seen >= limit) setTimeout(() => socket.close(1000), ACKNOWLEDGED_MS).unref();
    });
    // Closed only behind the answer to the edge's ping: before that nothing counts as delivered.
    socket.on('ping', () => seen >= limit && socket.close(1000));
    signal.addEventListener('abort', () => socket.close(1000));
    return new Promise<number>((resolve, reject) => {
      let failure: Failure | undefined;
      socket.on('error', (error) => {
        const words = 'the edge does not answer, or refuses';
        failure = ofTls(error) ?? new Failure('unreachable', words, 'Look at --edge, and at the id.');
      });
      socket.on('close', (code, reason) => {
        clearInterval(heartbeat);
        if (signal.aborted || seen >= limit) return resolve(EXITS.ok.code);
        if (failure !== undefined && code === 1006) return reject(failure);
        if (!FINE.has(code)) return reject(new Failure(EXIT_BY_CLOSE[code] ?? 'failed', `closed: ${code} ${reason}`));
        terminal.note(`closed: ${code} ${reason}`);
        resolve(EXITS.ok.code);
      });
    });
  },
};

function confirm(socket: WebSocket, text: string): void {
  const { id, needConfirm }: { id?: string; needConfirm?: boolean } = JSON.parse(text);
  if (needConfirm === true) socket.send(`CFM:${id}`);
}
