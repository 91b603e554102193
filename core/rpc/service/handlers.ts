import type { DescMethod, MessageShape } from '@bufbuild/protobuf';
import type { Logger } from '../../../common/logs/log.js';
import type { Span } from '../../../common/tracing/tracer.js';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import type { ChannelCredentials } from '../../channel/credentials.js';
import type { ChannelDirectory, ChannelHost } from '../../channel/host.js';
import type { AcceptPush } from '../../delivery/push/accept-push.js';
import type { EstimateAudience } from '../../delivery/push/estimate-audience.js';
import type { RecallPush } from '../../delivery/push/recall-push.js';
import type { ReceiptFeed } from '../../delivery/receipt-feed.js';
import type { Sessions } from '../../delivery/sessions/sessions.js';
import type { DeleteDevices } from '../../delivery/upkeep/delete-devices.js';
import type { Webhooks } from '../../delivery/webhooks/webhooks.js';
import type { WriteCycle } from '../../delivery/writer/write-cycle.js';
import type { AccessReports } from '../../domain/access.js';
import type { AppList } from '../../domain/app.js';
import type { ReportReader } from '../../domain/queries.js';
import type { ServerStatus } from '../../domain/server.js';
import type { WebhookReports } from '../../domain/webhook.js';
import type { RegistrationCheck, SigningKeys } from '../../registration/registration.js';
import type { AppLimits } from '../../registry/app-limits.js';
import type { Registry } from '../../registry/registry.js';
import type { Admission } from './admission.js';

/** The parts of the core that handlers work with. */
export interface ServiceParts {
  /** Apps, devices and topics. */
  registry: Registry;
  /** The one writer. */
  cycle: Pick<WriteCycle, 'execute' | 'commands'>;
  /** Limits of apps. */
  limits: AppLimits;
  /** Accepts a push. */
  acceptPush: AcceptPush;
  /** Recalls a push, or cancels a job. */
  recallPush: RecallPush;
  /** Unregisters the devices of a selection. */
  deleteDevices: DeleteDevices;
  /** Counts an audience. */
  estimateAudience: EstimateAudience;
  /** Answers about pushes, deliveries and devices. */
  queries: ReportReader;
  /** Keys, admin tokens and the audit log. */
  access: AccessReports;
  /** All apps. */
  apps: AppList;
  /** Facts about what runs here. */
  server: ServerStatus;
  /** Ends of deliveries as they come. */
  receipts: ReceiptFeed;
  /** The open session of a device. */
  presence: Sessions['presence'];
  /** Ways to devices that have no session. */
  channels: {
    readonly credentials: ChannelCredentials;
    readonly host: Pick<ChannelHost, 'probe'>;
    readonly directory: Pick<ChannelDirectory, 'hidesContent'>;
  };
  /** Back ends that are told of receipts. */
  webhooks: Webhooks;
  /** Answers about webhooks. */
  webhookReports: WebhookReports;
  /** Says whether a registration may be made. */
  registrations: RegistrationCheck;
  /** Keys that registration tokens are checked with. */
  signingKeys: SigningKeys;
  /** Aborted when the core begins to stop: streams end. */
  stopping: AbortSignal;
  /** For errors that callers see only as unexpected. */
  log: Logger;
}

/** A call besides its request. */
export interface CallContext extends Admission {
  /** Nobody waits for the answer any more: the caller has cancelled, is gone, or its deadline has passed. */
  readonly cancelled: boolean;
  /** Aborted when that happens. Costs more than to look at `cancelled`. */
  readonly signal: AbortSignal;
  /** The headers of the call; absent: it has none that anybody looks at. */
  readonly headers?: CallHeaders | undefined;
  /** The span of the call, set by `traceCalls`; absent: it is not traced. */
  trace?: Span | undefined;
  /** Begins the span of one push of a stream; absent: there are none. */
  startItem?: (() => Span | undefined) | undefined;
}

/** Headers of a call, as gRPC and as Connect have them. */
export interface CallHeaders {
  /** Returns the values of a header, in the way of its transport. */
  get(name: string): unknown;
}

type Handler<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? (request: MessageShape<M['input']>, call: CallContext) => Promise<MessageShape<M['output']>>
  : M['methodKind'] extends 'server_streaming'
    ? (request: MessageShape<M['input']>, call: CallContext) => AsyncIterable<MessageShape<M['output']>>
    : (
        requests: AsyncIterable<MessageShape<M['input']>>,
        call: CallContext,
      ) => AsyncIterable<MessageShape<M['output']>>;

type Methods = (typeof PushCore)['method'];

/**
 * The service, once: gRPC, Connect and the link serve these. A handler fails with OnePushError for what the caller is
 * told, and with anything else for what it is not. The next message of a stream is asked for when the caller has taken
 * the last one.
 */
export type PushCoreHandlers = { [K in keyof Methods]: Handler<Methods[K]> };

/** For calls that cannot be cancelled. */
export const UNCANCELLED: Pick<CallContext, 'cancelled' | 'signal'> = {
  cancelled: false,
  signal: new AbortController().signal,
};

/** The methods of the service, each with its handler. */
export function* eachHandler(handlers: PushCoreHandlers): Generator<{ method: DescMethod; handler: unknown }> {
  for (const [name, method] of Object.entries(PushCore.method)) {
    // Object.entries forgets that its keys are those of the object.
    const handler = handlers[name as keyof Methods];
    if (handler !== undefined) yield { method, handler };
  }
}
