import { randomUUID } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js';
import { OnePushError } from '../../common/errors.js';
import { toMethodDefinition } from '../../common/grpc.js';
import type { Logger } from '../../common/logs/log.js';
import { type Address, formatAddress } from '../../common/settings/env.js';
import { toContext } from '../../common/tls/material.js';
import type { TlsSource } from '../../common/tls/source.js';
import { type CoreBatch, type EdgeBatch, EdgeLink } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { type CallInit, createCalls } from './calls.js';
import { createInboundQueue } from './inbound-queue.js';
import { createOutbox } from './outbox.js';
import type { SessionReports } from './session-reports.js';
import type { Item, Reply } from './wire.js';

/** Told of the link, in the order in which it happens. */
export interface LinkListener {
  /** A core listens: announce all sessions. */
  attached(): void;
  /** It is gone: nothing that it sent before is followed by anything. */
  detached(): void;
  /**
   * Does what they say, in order, and yields where something else may have its turn.
   *
   * @param number of the last message that they came with
   */
  items(items: readonly Item[], number: number): Iterator<void>;
}

/** The stream to one of the cores: attached again, with backoff, whenever it ends. */
export interface CoreLink {
  /** Reports of sessions, for the core that has accepted this edge. */
  readonly outbox: SessionReports;
  /** Returns true while a core has accepted this edge. */
  isAttached(): boolean;
  /** Returns the reason for which no core is attached, in words; undefined: one is. */
  checkReadiness(): string | undefined;
  /** Calls that wait for the core's answer, and about how many bytes of them wait for the link. */
  depths(): { openCalls: number; waitingBytes: number };
  /**
   * Calls the core. Rejects with OnePushError: what the core answered, CORE_UNAVAILABLE when it is away, goes away or
   * does not answer in time (then the call may have been carried out), or OVERLOADED.
   */
  call(call: CallInit): Promise<Reply['result']>;
  /** Begins to attach. */
  start(): void;
  /** Resolves when the core has committed what was reported and open calls are answered, or after `graceSeconds`. */
  stop(graceSeconds: number): Promise<void>;
}

/** Told of what happens on the link. */
export interface LinkObserver {
  /** A core has accepted it. */
  attached(): void;
  /** Of how many items each message has. */
  sent(items: number): void;
  /** A message came. */
  received(items: number): void;
}

type Stream = ClientDuplexStream<EdgeBatch, CoreBatch>;

type State =
  | { kind: 'idle' }
  | { kind: 'connecting'; client: Client; stream: Stream }
  | { kind: 'attached'; client: Client; stream: Stream }
  | { kind: 'waiting'; timer: NodeJS.Timeout }
  | { kind: 'stopped' };

/** Of so many attempts in a row, one that fails is a warning. */
const WARN_EVERY = 30;
const BACKOFF_MIN = 100;
const BACKOFF_MAX = 2000;
/** The status of a stream whose token is not the core's. */
const WRONG_TOKEN = status[status.UNAUTHENTICATED];
const TOKEN_REFUSED = 'the core refuses the link token';
/** The status of a stream whose edge has shown no certificate that the core trusts. */
const WRONG_CERTIFICATE = status[status.PERMISSION_DENIED];
const CERTIFICATE_REFUSED = "the core refuses the link's certificate";
/** Time that a core may take to accept an attachment, in milliseconds. */
const ATTACH_TIMEOUT = 5000;
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;
/**
 * Bytes that may be on their way to this edge: HTTP/2's default, 64 KiB a round trip, is too little for a core that is
 * not near.
 */
const WINDOW_BYTES = 4 * 1024 * 1024;
/**
 * grpc-js takes so much at once, to repeat it on another connection, and says that it is sent. The link is never
 * repeated.
 */
const RETRY_BYTES = 16 * 1024;

/** Returns a link that is not started. */
export function createCoreLink(options: {
  addresses: readonly Address[];
  token: string;
  /** Undefined: the link is plain text. */
  tls: TlsSource | undefined;
  /** True: strangers may reach this edge. */
  isExposed: boolean;
  listener: LinkListener;
  log: Logger;
  observer: LinkObserver;
}): CoreLink {
  const { addresses, token, tls, listener, log, observer } = options;
  const method = toMethodDefinition(EdgeLink, EdgeLink.method.attach);
  const edgeId = randomUUID();
  const outbox = createOutbox(edgeId, observer.sent, options.isExposed);
  const calls = createCalls(outbox);
  const inbound = createInboundQueue({
    work: (items, number) => listener.items(items, number),
    done: ({ number, items }) => outbox.processed(number, items.length > 0),
    read(wanted) {
      if (!('stream' in state)) return;
      if (wanted) state.stream.resume();
      else state.stream.pause();
    },
  });
  let state: State = { kind: 'idle' };
  let attempt = 0;
  /** A core did not take the token or the certificate, and none has accepted this edge since. */
  let refused: typeof TOKEN_REFUSED | typeof CERTIFICATE_REFUSED | undefined;

  function connect(): void {
    const address = addresses[attempt % addresses.length];
    if (address === undefined) throw new Error('a link needs an address');
    const client = new Client(formatAddress(address), toCredentials(tls), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.keepalive_time_ms': 5000,
      'grpc.keepalive_timeout_ms': 3000,
      'grpc.use_local_subchannel_pool': 1,
      // The link is private: grpc-js would take it to the proxy of http_proxy, https_proxy or grpc_proxy.
      'grpc.enable_http_proxy': 0,
      'grpc-node.flow_control_window': WINDOW_BYTES,
      'grpc.per_rpc_retry_buffer_size': RETRY_BYTES,
    });
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const { path, requestSerialize, responseDeserialize } = method;
    const stream: Stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    const current: State = { kind: 'connecting', client, stream };
    state = current;
    const timeout = setTimeout(() => stream.cancel(), ATTACH_TIMEOUT);
    const isCurrent = (): boolean => 'stream' in state && state.stream === stream;
    stream.on('metadata', () => {
      clearTimeout(timeout);
      if (!isCurrent()) return;
      attempt = 0;
      refused = undefined;
      observer.attached();
      state = { kind: 'attached', client, stream };
      log.info({ core: formatAddress(address) }, 'attached to a core');
      outbox.attached(stream);
      // Before the sessions: none of them may be handed again what its device has confirmed, or an earlier socket of it
      // was handed.
      outbox.repeat();
      listener.attached();
    });
    stream.on('data', (batch: CoreBatch) => {
      if (isCurrent()) handle(batch);
    });
    const gone = (reason: string, cause?: string): void => {
      clearTimeout(timeout);
      if (!isCurrent()) return;
      detach(client, formatAddress(address), { reason, cause });
    };
    stream.on('error', (error: Error & { code?: number; details?: string }) => {
      gone(status[error.code ?? status.UNKNOWN] ?? 'UNKNOWN', causeOf(error.details ?? ''));
    });
    stream.on('end', () => gone('the core ended the link'));
    outbox.hello(stream);
  }

  function detach(client: Client, core: string, why: { reason: string; cause: string | undefined }): void {
    const { reason } = why;
    const wasAttached = state.kind === 'attached';
    client.close();
    const delay = Math.min(BACKOFF_MAX, BACKOFF_MIN * 2 ** attempt) * (0.5 + Math.random() / 2);
    if (!wasAttached) attempt++;
    state = { kind: 'waiting', timer: setTimeout(connect, delay) };
    if (wasAttached) {
      log.warn(why, 'detached from the core');
      inbound.drop();
      outbox.detached();
      listener.detached();
      calls.failAll();
    } else if (reason === WRONG_TOKEN || reason === WRONG_CERTIFICATE) {
      const words = reason === WRONG_TOKEN ? TOKEN_REFUSED : CERTIFICATE_REFUSED;
      log[refused === words ? 'debug' : 'error']({ core }, words);
      refused = words;
    } else {
      const level = attempt % WARN_EVERY === 1 ? 'warn' : 'debug';
      log[level](why, 'no core to attach to');
    }
  }

  function handle(batch: CoreBatch): void {
    observer.received(batch.items.length + batch.replies.length);
    if (batch.committed > 0) outbox.committed(batch.committed);
    for (const reply of batch.replies) calls.answer(reply);
    inbound.add(batch);
  }

  return {
    outbox,
    isAttached: () => state.kind === 'attached',
    checkReadiness() {
      if (state.kind === 'attached') return undefined;
      return refused === undefined ? 'no core is attached' : `no core is attached: ${refused}`;
    },
    depths: () => ({ openCalls: calls.size(), waitingBytes: outbox.waitingBytes() }),
    call(call) {
      if (state.kind !== 'attached') return Promise.reject(new OnePushError('CORE_UNAVAILABLE'));
      return calls.start(call);
    },
    start: connect,
    async stop(graceSeconds) {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, graceSeconds * 1000).unref());
      if (state.kind === 'attached') await Promise.race([Promise.all([calls.idle(), outbox.allCommitted()]), limit]);
      const last = state;
      state = { kind: 'stopped' };
      calls.stop();
      if (last.kind === 'waiting') clearTimeout(last.timer);
      if ('stream' in last) {
        last.stream.end();
        last.client.close();
      }
    },
  };
}

/** With the files as they are now: a link that is there already keeps what it was made with. */
function toCredentials(tls: TlsSource | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createFromSecureContext(createSecureContext(toContext(tls.current())));
}

/** Returns what keeps a connection from being made, by the words of grpc-js; undefined: it does not say. */
function causeOf(details: string): string | undefined {
  if (/\bcertificate\b/.test(details)) return "the core's certificate is not trusted";
  return /\bE[A-Z]{4,}\b/.exec(details)?.[0];
}
