import { isReason, OnePushError } from '../../common/errors.js';
import type { Outbox, OutgoingCall } from './outbox.js';
import type { Call, ErrorDetail, Reply } from './wire.js';

/** A call without its number. */
export type CallInit = Pick<Call, 'appId' | 'secret' | 'request'> &
  Partial<Pick<Call, 'clientAddress' | 'traceparent' | 'tracestate'>>;

/** Calls that wait for the core's answer. Bounded in number and in time. */
export interface Calls {
  /** Rejects with OnePushError; see CoreLink.call. */
  start(call: CallInit): Promise<Reply['result']>;
  /** Resolves or rejects the call that a reply is for. */
  answer(reply: Reply): void;
  /** Number of calls that are open. */
  size(): number;
  /** The core is gone: none of them will be answered. */
  failAll(): void;
  /** Resolves when none is open. */
  idle(): Promise<void>;
  /** Lets no call time out any more: the process is about to end. */
  stop(): void;
}

const MAX_OPEN = 20_000;
/** Milliseconds until a call counts as unanswered, and between two looks at the oldest. */
const TIMEOUT = 5000;
const SWEEP = 100;

interface OpenCall {
  outgoing: OutgoingCall;
  deadline: number;
  resolve(result: Reply['result']): void;
  reject(error: OnePushError): void;
}

/** Returns calls that go out with an outbox. */
export function createCalls(outbox: Pick<Outbox, 'call'>): Calls {
  /** In the order of their deadlines. */
  const open = new Map<number, OpenCall>();
  let lastId = 0;
  let waiters: (() => void)[] = [];

  const sweeper = setInterval(() => {
    const now = performance.now();
    for (const [id, call] of open) {
      if (call.deadline > now) break;
      finish(id)?.reject(new OnePushError('CORE_UNAVAILABLE', { hint: 'it did not answer in time' }));
    }
  }, SWEEP);

  function finish(id: number): OpenCall | undefined {
    const call = open.get(id);
    open.delete(id);
    if (call !== undefined) call.outgoing.isOpen = false;
    if (open.size === 0) {
      for (const resolve of waiters) resolve();
      waiters = [];
    }
    return call;
  }

  return {
    start({ appId, secret, request, clientAddress = '', traceparent = '', tracestate = '' }) {
      if (open.size >= MAX_OPEN) return Promise.reject(new OnePushError('OVERLOADED'));
      lastId = (lastId + 1) % 0xffff_ffff;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const call: Call = {
          $typeName: 'onepush.link.v1.Call',
          id,
          appId,
          secret,
          request,
          clientAddress,
          traceparent,
          tracestate,
        };
        const outgoing = { call, isOpen: true };
        open.set(id, { outgoing, deadline: performance.now() + TIMEOUT, resolve, reject });
        if (!outbox.call(outgoing)) finish(id)?.reject(new OnePushError('OVERLOADED'));
      });
    },
    answer({ id, result }) {
      const call = finish(id);
      if (call === undefined) return;
      if (result.case !== 'error') {
        call.resolve(result);
        return;
      }
      call.reject(toOnePushError(result.value));
    },
    size: () => open.size,
    failAll() {
      for (const id of [...open.keys()]) finish(id)?.reject(new OnePushError('CORE_UNAVAILABLE'));
    },
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    stop() {
      clearInterval(sweeper);
    },
  };
}

/** Returns the error that the core has answered with. */
function toOnePushError({ reason, violations, requestId, limit, retryAfterSeconds }: ErrorDetail): OnePushError {
  return new OnePushError(isReason(reason) ? reason : 'UNEXPECTED', {
    violations,
    ...(requestId !== '' && { requestId }),
    ...(limit !== '' && { limit, retryAfterMs: retryAfterSeconds * 1000 }),
  });
}
