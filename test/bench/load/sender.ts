import { serve } from '../child.js';
import { micros, ownCpuMicros } from '../clock.js';
import { type Connection, openConnection, toRequest } from './connection.js';
import { createHistogram, type Latencies } from './histogram.js';
import { findStamp, writeStamp } from './stamp.js';

/** What became of requests. */
export interface Outcome {
  answered: number;
  /** Not answered 200. */
  failed: number;
  /** From when a request was to be sent to its answer. */
  latencies: Latencies;
  /** Times of `micros()`: the first request, the last answer. */
  began: number;
  ended: number;
}

/** Back ends of a bench: kept HTTP connections, each with one request under way. */
export interface Sender {
  /** What the following sends, in turn, over so many connections. */
  prepare(input: Requests): void;
  /** Each connection sends as soon as it was answered, until `stop`. */
  start(input: null): Promise<void>;
  /** Resolves when the last request was answered. */
  stop(input: null): Promise<Outcome>;
  /** So many requests, each connection sending as soon as it was answered. */
  run(input: { requests: number }): Promise<Outcome>;
  /** Sends at a fixed rate, whatever the answers do; latencies count from the time at which a request was due. */
  openLoop(input: { rate: number; ms: number }): Promise<Outcome>;
  /** Sends each body once, and resolves with the answers in the order of the bodies. */
  collect(input: Requests): Promise<string[]>;
  cpuMicros(input: null): number;
}

export interface Requests {
  host: string;
  port: number;
  connections: number;
  path: string;
  bodies: string[];
}

interface Prepared {
  bytes: Buffer;
  stampAt: number;
}

const TICK = 1;

let target: Requests | undefined;
let requests: Prepared[] = [];
let turn = 0;
let current: { stop(): void; done: Promise<Outcome> } | undefined;

/** New ones for each run: a server closes those that were idle for some seconds. */
function connectAll(): Promise<Connection[]> {
  if (target === undefined) throw new Error('nothing is prepared');
  const { host, port, connections } = target;
  return Promise.all(Array.from({ length: connections }, () => openConnection(host, port, false)));
}

function nextRequest(): Prepared {
  const request = requests[turn++ % requests.length];
  if (request === undefined) throw new Error('nothing to send');
  return request;
}

/** Counts, and resolves once all that was sent is answered after `finish`. */
function createTally(connections: readonly Connection[]) {
  const histogram = createHistogram();
  const outcome = { answered: 0, failed: 0, began: micros(), ended: 0 };
  let open = 0;
  let finished = false;
  let resolve: (outcome: Outcome) => void;
  const done = new Promise<Outcome>((settle) => {
    resolve = settle;
  });
  function check(): void {
    if (!finished || open > 0) return;
    for (const connection of connections) connection.close();
    resolve({ ...outcome, ended: micros(), latencies: histogram.summary() });
  }
  return {
    done,
    sent: () => open++,
    answered(due: number, ok: boolean): void {
      open--;
      outcome.answered++;
      if (!ok) outcome.failed++;
      histogram.record(micros() - due);
      check();
    },
    finish(): void {
      finished = true;
      check();
    },
  };
}

/** Each connection sends again when it was answered, as long as `more` says so. */
function closedLoop(connections: Connection[], more: () => boolean): { stop(): void; done: Promise<Outcome> } {
  const tally = createTally(connections);
  let stopped = false;
  function next(connection: Connection): void {
    if (stopped || !more()) {
      tally.finish();
      return;
    }
    const { bytes } = nextRequest();
    const due = micros();
    tally.sent();
    connection.send(bytes, (ok) => {
      // The next one first: an answer that is the last only because nothing was sent yet must not end the loop.
      next(connection);
      tally.answered(due, ok);
    });
  }
  for (const connection of connections) next(connection);
  return {
    done: tally.done,
    stop() {
      stopped = true;
      tally.finish();
    },
  };
}

serve<Sender>({
  prepare(wanted) {
    target = wanted;
    requests = wanted.bodies.map((body) => {
      const bytes = toRequest(wanted.path, body);
      return { bytes, stampAt: findStamp(bytes, 0) };
    });
  },
  async start() {
    current = closedLoop(await connectAll(), () => true);
  },
  async stop() {
    if (current === undefined) throw new Error('nothing was started');
    current.stop();
    return current.done;
  },
  async run({ requests: count }) {
    let left = count;
    return closedLoop(await connectAll(), () => left-- > 0).done;
  },
  async openLoop({ rate, ms }) {
    const free = await connectAll();
    const tally = createTally([...free]);
    const total = Math.round((rate * ms) / 1000);
    const began = micros();
    let sent = 0;
    const timer = setInterval(send, TICK);
    function send(): void {
      while (sent < total) {
        const due = Math.round(began + (sent * 1_000_000) / rate);
        if (due > micros()) return;
        // The one that was idle longest: a server closes what is idle for some seconds.
        const connection = free.shift();
        if (connection === undefined) return;
        const { bytes, stampAt } = nextRequest();
        writeStamp(bytes, stampAt, due);
        sent++;
        tally.sent();
        connection.send(bytes, (ok) => {
          free.push(connection);
          send();
          tally.answered(due, ok);
        });
      }
      clearInterval(timer);
      tally.finish();
    }
    return tally.done;
  },
  async collect({ host, port, connections, path, bodies }) {
    const answers: string[] = [];
    let next = 0;
    async function lane(): Promise<void> {
      const connection = await openConnection(host, port, true);
      for (let index = next++; index < bodies.length; index = next++) {
        const request = toRequest(path, bodies[index] ?? '');
        await new Promise<void>((resolve, reject) => {
          connection.send(request, (ok, body) => {
            answers[index] = body;
            if (ok) resolve();
            else reject(new Error(`refused: ${body}`));
          });
        });
      }
      connection.close();
    }
    await Promise.all(Array.from({ length: connections }, lane));
    return answers;
  },
  cpuMicros: ownCpuMicros,
});
