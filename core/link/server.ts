import type { DescMethod } from '@bufbuild/protobuf';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Metadata, status } from '@grpc/grpc-js';
import { OnePushError } from '../../common/errors.js';
import type { Logger } from '../../common/logs/log.js';
import { equalInConstantTime } from '../../common/secrets.js';
import type { Call, CoreBatch, EdgeBatch, Reply } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { RecallCheck } from '../delivery/sessions/recall-check.js';
import type { Sessions } from '../delivery/sessions/sessions.js';
import type { WriteCycle } from '../delivery/writer/write-cycle.js';
import type { Admission, Admit } from '../rpc/service/admission.js';
import { type Credentials, parseAuthorization } from '../rpc/service/auth.js';
import { type CallContext, type PushCoreHandlers, UNCANCELLED } from '../rpc/service/handlers.js';
import type { ObserveCall } from '../rpc/service/interceptors.js';
import { toCallHeaders } from '../rpc/service/tracing.js';
import { toErrorDetail, toOnePushError } from '../rpc/wire/failures.js';
import { findProblem, takeHandedOver } from './batch-check.js';
import type { AnswerEdge } from './edge-calls.js';
import { createEventHandler } from './events.js';
import { createEdgeOutbox, type EdgeOutbox } from './outbox.js';
import type { Tickets } from './tickets.js';

type Stream = ServerDuplexStream<EdgeBatch, CoreBatch>;

/** Serves the link: hands what edges report to the sessions and the write cycle, and their calls to PushCore. */
export interface EdgeLinkServer {
  /** Takes a new stream: refuses it, or attaches the edge with its first message. */
  attach(stream: Stream): void;
  /** Ends all links: another core may have taken over, and edges are to look for it. */
  detachAll(): void;
  /** Takes no more calls; answers those that are under way, then ends all links. */
  stop(): Promise<void>;
  /** The attached edges by their labels, with their sessions, and about how many bytes wait for each. */
  edges(): { id: string; sessions: number; waitingBytes: number }[];
}

/** Told of what the messages of the link hold. */
export interface LinkObserver {
  /** A message was sent. */
  sent(items: number): void;
  /** A message came. */
  received(items: number): void;
  /** A report changed nothing: its edge does not show that it has had a session of the device. */
  ignored(): void;
}

/** Number of edges whose last attachment is remembered though they are not attached. */
const MAX_KNOWN_EDGES = 10_000;

interface Attachment {
  edgeId: string;
  outbox: EdgeOutbox;
  /** The last batch from this edge; they are numbered without a gap. */
  received: number;
  /** Ends it. From then on nothing that its stream still brings is listened to. */
  detach(code: status, details: string): void;
}

/** A stream of an edge: it says hello, is attached, and ends once. */
type StreamState = { kind: 'new' } | { kind: 'attached'; attachment: Attachment } | { kind: 'ended' };

/** Returns the core's end of the link, with no edge attached. */
export function createEdgeLink(options: {
  handlers: PushCoreHandlers;
  admit: Admit;
  /** Told of calls that are not let in. */
  observe?: ObserveCall;
  sessions: Sessions;
  cycle: Pick<
    WriteCycle,
    'delivered' | 'lateDelivered' | 'confirmed' | 'advanceCursor' | 'published' | 'whenSettled' | 'lastCommitted'
  >;
  recalls: RecallCheck;
  /** Answers the calls that are of edges themselves. */
  answerEdge: AnswerEdge;
  /** Returns true if this is surely the core that writes: edges attach to no other. */
  holdsLease: () => boolean;
  /** The token that an edge must show to attach. */
  linkToken: string;
  tickets: Tickets;
  /** Told when an edge attaches that strangers may reach. */
  exposed?: () => void;
  log: Logger;
  observer?: LinkObserver;
}): EdgeLinkServer {
  const {
    handlers,
    admit,
    observe,
    sessions,
    cycle,
    recalls,
    answerEdge,
    holdsLease,
    linkToken,
    tickets,
    log,
    observer,
  } = options;
  const handleEvent = createEventHandler({ sessions, cycle, tickets, ignored: () => observer?.ignored() });
  const attached = new Map<string, Attachment>();
  /** By edge, the one that was not seen for longest first. */
  const lastAttachments = new Map<string, number>();
  /** Ends streams that have said nothing yet. */
  const silent = new Set<(code: status, details: string) => void>();
  let stopping = false;
  let underWay = 0;
  let answered = (): void => {};

  function attach(stream: Stream): void {
    const credentials = parseAuthorization(stream.metadata.get('authorization')[0]?.toString());
    const token = credentials.kind === 'admin' ? credentials.token : '';
    if (!equalInConstantTime(token, linkToken)) {
      refuse(stream, status.UNAUTHENTICATED, 'the link token is wrong or missing');
      return;
    }
    let state: StreamState = { kind: 'new' };
    const end = (code: status, details: string): void => {
      const { kind } = state;
      state = { kind: 'ended' };
      if (kind === 'ended') return;
      if (code === status.OK) stream.end();
      // Destroying the stream would not tell the edge: it would wait for ever.
      else refuse(stream, code, details);
    };
    silent.add(end);
    const gone = (): void => {
      silent.delete(end);
      if (state.kind === 'attached') state.attachment.detach(status.OK, '');
      state = { kind: 'ended' };
    };
    stream.on('data', (batch: EdgeBatch) => {
      silent.delete(end);
      // What was on its way when the edge attached again, or came back from a network that had swallowed it.
      if (state.kind === 'ended') return;
      const known = state.kind === 'attached' ? state.attachment : undefined;
      const problem =
        findProblem(batch, known, cycle.lastCommitted()) ?? takeHandedOver(batch, known?.outbox.handedOver);
      if (problem !== undefined) {
        log.error({ edge: known?.edgeId, problem }, 'a broken link message');
        if (known === undefined) end(status.INVALID_ARGUMENT, problem);
        else known.detach(status.INVALID_ARGUMENT, problem);
        return;
      }
      if (state.kind === 'new') {
        const attachment = begin(stream, batch.hello, end);
        if (attachment === undefined) return;
        state = { kind: 'attached', attachment };
      }
      handle(state.attachment, batch);
    });
    stream.on('end', gone);
    stream.on('cancelled', gone);
    stream.on('error', gone);
    stream.on('close', gone);
  }

  /** Undefined: a later attachment of the edge was there first, and the stream is ended. */
  function begin(
    stream: Stream,
    hello: EdgeBatch['hello'],
    end: (code: status, details: string) => void,
  ): Attachment | undefined {
    if (!holdsLease()) {
      end(status.UNAVAILABLE, 'this core cannot reach its database');
      return undefined;
    }
    const { edgeId = '', attachment: number = 0 } = hello ?? {};
    if (number <= (lastAttachments.get(edgeId) ?? 0)) {
      end(status.ABORTED, 'a later attachment of this edge was there first');
      return undefined;
    }
    attached.get(edgeId)?.detach(status.ABORTED, 'the edge has attached again');
    remember(edgeId, number);
    const outbox: EdgeOutbox = createEdgeOutbox(stream, {
      edgeId,
      tickets,
      sessions: () => sessions.countOf(outbox),
      handed: cycle.lastCommitted,
      observe: observer?.sent,
      full: () => {
        log.warn({ edge: edgeId }, 'the edge does not take what it is sent');
        attachment.detach(status.RESOURCE_EXHAUSTED, 'the edge does not take what it is sent');
      },
    });
    const attachment: Attachment = {
      edgeId,
      outbox,
      received: 0,
      detach(code, details) {
        if (attached.get(edgeId) !== attachment) return;
        attached.delete(edgeId);
        outbox.close();
        end(code, details);
        sessions.detached(outbox);
        log.info({ edge: edgeId }, 'edge detached');
      },
    };
    attached.set(edgeId, attachment);
    // Tells the edge that it is accepted.
    stream.sendMetadata(new Metadata());
    sessions.attached(outbox);
    log.info({ edge: edgeId }, 'edge attached');
    if (hello?.exposed === true) options.exposed?.();
    return attachment;
  }

  function remember(edgeId: string, number: number): void {
    lastAttachments.delete(edgeId);
    lastAttachments.set(edgeId, number);
    for (const oldest of lastAttachments.keys()) {
      if (lastAttachments.size <= MAX_KNOWN_EDGES) return;
      if (!attached.has(oldest)) lastAttachments.delete(oldest);
    }
  }

  function handle(attachment: Attachment, batch: EdgeBatch): void {
    const { outbox } = attachment;
    attachment.received = batch.number;
    observer?.received(reportsOf(batch) + batch.calls.length);
    outbox.acknowledge(batch.acknowledged);
    if (batch.delivered.length > 0) cycle.delivered(batch.delivered);
    for (const { pushId, sessions: count } of batch.published) cycle.published(pushId, count);
    for (const event of batch.events) handleEvent(outbox, event);
    if (batch.unconfirmed.length > 0) recalls.check(outbox, batch.unconfirmed);
    for (const call of batch.calls) handleCall(outbox, call);
    // A message that only acknowledges is not acknowledged: the two ends would never be quiet.
    if (reportsOf(batch) === 0) return;
    const settled = cycle.whenSettled();
    if (settled === undefined) outbox.committed(batch.number);
    else settled.then(() => outbox.committed(batch.number));
  }

  async function letIn(method: DescMethod, credentials: Credentials, address: string): Promise<Admission> {
    try {
      return await admit(method, credentials, address);
    } catch (error) {
      observe?.('link', method.name, toOnePushError(error, log).row.grpc, 0);
      throw error;
    }
  }

  async function handleCall(outbox: EdgeOutbox, call: Call): Promise<void> {
    const { id, appId, secret, request, clientAddress } = call;
    // Whoever creates and reads apps is known by the token alone.
    const credentials: Credentials =
      appId === '' ? { kind: 'admin', token: secret } : { kind: 'app', appId, key: secret };
    underWay++;
    try {
      if (stopping) throw new OnePushError('CORE_UNAVAILABLE');
      if (request.case === undefined) throw new Error('a call without a request');
      if (request.case === 'checkReadiness' || request.case === 'acknowledge' || request.case === 'readHistory') {
        return outbox.reply(id, await answerEdge(request));
      }
      const admission = await letIn(PushCore.method[request.case], credentials, clientAddress);
      // The request, the method that handles it and the reply have one name: so the types fit one another.
      const handle = handlers[request.case] as (request: unknown, call: CallContext) => Promise<unknown>;
      const value = await handle(request.value, { ...admission, ...UNCANCELLED, headers: toCallHeaders(call) });
      outbox.reply(id, { case: request.case, value } as Reply['result']);
    } catch (error) {
      outbox.reply(id, { case: 'error', value: toErrorDetail(toOnePushError(error, log)) });
    } finally {
      underWay--;
      if (underWay === 0) answered();
    }
  }

  return {
    attach,
    detachAll() {
      for (const attachment of [...attached.values()]) {
        attachment.detach(status.UNAVAILABLE, 'this core cannot reach its database');
      }
    },
    async stop() {
      stopping = true;
      for (const end of silent) end(status.UNAVAILABLE, 'this core is stopping');
      if (underWay > 0) await new Promise<void>((resolve) => (answered = resolve));
      for (const { outbox } of attached.values()) outbox.end();
    },
    edges: () =>
      Array.from(attached.values(), ({ outbox }) => {
        return { id: outbox.label, sessions: sessions.countOf(outbox), waitingBytes: outbox.waitingBytes() };
      }),
  };
}

/** Returns the number of things that a message of an edge reports. */
function reportsOf({ delivered, events, published }: EdgeBatch): number {
  return delivered.length + events.length + published.length;
}

function refuse(stream: Stream, code: status, details: string): void {
  stream.emit('error', { code, details, metadata: new Metadata() });
}
