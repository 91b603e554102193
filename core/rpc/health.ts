import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../common/errors.js';
import type { CheckReadiness } from '../../common/http/server.js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  type HealthListResponse,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../gen/health/v1/health_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { CallContext } from './service/handlers.js';

/** The handlers of grpc.health.v1. */
export interface HealthHandlers {
  /** Answers once. */
  check(request: HealthCheckRequest): Promise<HealthCheckResponse>;
  /** Answers for all services. */
  list(): Promise<HealthListResponse>;
  /** Answers now, and again whenever the answer changes. */
  watch(request: HealthCheckRequest, call: Pick<CallContext, 'signal'>): AsyncIterable<HealthCheckResponse>;
}

/** The core's readiness: whether the store can be reached, and the core is not stopping. */
export interface Health {
  /** The service `grpc.health.v1.Health`. */
  handlers: HealthHandlers;
  /** The same in words, for load balancers that ask over HTTP. */
  checkReadiness: CheckReadiness;
  /** From now on nothing is served: tells all who watch, and ends their streams. */
  stop(): void;
}

/** The whole server, and its service. */
const SERVICES: readonly string[] = ['', PushCore.typeName];
/** The store is asked at most so often, in milliseconds, however many ask and watch. */
const LOOK_INTERVAL = 1000;

/** Maximum number of watchers of whom nothing is known: beyond it a watch is answered OVERLOADED. */
const MAX_WATCHERS = 500;

/** @param ready resolves while the store can be reached */
export function createHealth(ready: () => Promise<void>, interval = LOOK_INTERVAL): Health {
  const watchers = new Set<() => void>();
  let watching = 0;
  let stopping = false;
  let status = Promise.resolve<Status>(Status.UNKNOWN);
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<Status> {
    if (performance.now() - lookedAt >= interval) {
      // While the store has not answered, all wait for the same answer.
      lookedAt = Number.POSITIVE_INFINITY;
      status = ready()
        .then(
          () => Status.SERVING,
          () => Status.NOT_SERVING,
        )
        .finally(() => {
          lookedAt = performance.now();
        });
    }
    const found = await status;
    return stopping ? Status.NOT_SERVING : found;
  }

  /** Until it is time to look again, the core stops or the caller goes. */
  function pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        watchers.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, interval);
      watchers.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted || stopping) done();
    });
  }

  return {
    handlers: {
      async check({ service }) {
        if (!SERVICES.includes(service)) throw new OnePushError('UNKNOWN_SERVICE');
        return create(HealthCheckResponseSchema, { status: await look() });
      },
      async list() {
        const found = { status: await look() };
        return create(HealthListResponseSchema, {
          statuses: Object.fromEntries(SERVICES.map((service) => [service, found])),
        });
      },
      async *watch({ service }, { signal }) {
        if (watching >= MAX_WATCHERS) throw new OnePushError('OVERLOADED');
        watching++;
        try {
          let told: Status | undefined;
          while (!signal.aborted) {
            const found = SERVICES.includes(service) ? await look() : Status.SERVICE_UNKNOWN;
            if (found !== told) yield create(HealthCheckResponseSchema, { status: found });
            told = found;
            if (stopping) return;
            await pause(signal);
          }
        } finally {
          watching--;
        }
      },
    },
    async checkReadiness() {
      const found = await look();
      if (stopping) return 'the core is stopping';
      return found === Status.SERVING ? undefined : 'the store cannot be reached';
    },
    stop() {
      stopping = true;
      for (const done of watchers) done();
    },
  };
}
