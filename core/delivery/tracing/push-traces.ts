import {
  isSampled,
  type Span,
  type TraceContext,
  type TraceHeaders,
  type Tracer,
} from '../../../common/tracing/tracer.js';
import type { NewPush } from '../../store/store.js';
import type { CommitFollowers } from '../commit-effects.js';
import type { HandedOut } from '../sessions/session.js';
import type { WakeTraces } from '../waking/traces.js';
import type { CommitTraces } from '../writer/delivery-commit.js';
import type { QueuedPush } from '../writer/push-queue.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { createDeliveryTraces, MAX_DEVICES } from './delivery-traces.js';
import { createTracedPushes, messageAttributes } from './traced-pushes.js';

/**
 * The traces of pushes beyond their calls: commits, deliveries, publications and wakes, with all that is kept in memory
 * for them. There is one only where traces are on.
 */
export interface PushTraces extends CommitTraces, WakeTraces, NonNullable<CommitFollowers['traces']> {
  /** See `DeliveryTraces`. */
  readonly handedOut: HandedOut;
  /** A device has no session any more. */
  sessionEnded(deviceNum: number): void;
  /** A push is to be made later, by the job of this id. */
  scheduled(jobId: number, trace: Span, lifetime: number): void;
  /** Returns the same settlements, watched on their way to the write cycle. */
  watch<C extends Pick<WriteCycle, 'delivered' | 'confirmed' | 'published'>>(cycle: C): C;
  /** Returns the headers by which whoever is told of a push continues its trace; undefined: it is not known. */
  headersOf(pushId: number): TraceHeaders | undefined;
  /** Ends all that is open. */
  stop(): void;
}

/** Milliseconds between two looks at what has been open for long. */
const SWEEP_MS = 30_000;

/** Returns the traces of pushes, with none known. */
export function createPushTraces(tracer: Tracer, now: () => number = Date.now): PushTraces {
  const pushes = createTracedPushes(tracer, now);
  const deliveries = createDeliveryTraces(pushes, now);
  const clock = setInterval(deliveries.sweep, SWEEP_MS);
  clock.unref();

  function causeOf({ caller, job }: QueuedPush): TraceContext | undefined {
    return caller?.trace?.context ?? (job && pushes.find(job.id)?.context);
  }

  function remember({ push, target }: NewPush, context: TraceContext): void {
    const deviceNums =
      target.kind === 'directed'
        ? new Set(target.deliveries.slice(0, MAX_DEVICES).map(({ deviceNum }) => deviceNum))
        : undefined;
    pushes.add({ id: push.id, context, since: now(), expiresAt: push.expiresAt, deviceNums });
  }

  return {
    committed({ batch, made, settled, startedAt }) {
      deliveries.settled(settled);
      for (const [index, queued] of batch.entries()) {
        const parent = causeOf(queued);
        const push = made[index];
        if (parent === undefined || push === undefined || !isSampled(parent)) continue;
        const targets = push.target.kind === 'directed' ? push.target.deliveries.length : push.target.topicNums.length;
        const span = tracer.start('commit', {
          parent,
          startedAt,
          attributes: {
            ...messageAttributes(push.push.id),
            'onepush.target': push.target.kind,
            'onepush.targets': targets,
            'onepush.commit.pushes': made.length,
          },
        });
        span?.end();
        queued.caller?.trace?.set(messageAttributes(push.push.id));
        remember(push, span?.context ?? parent);
      }
    },
    failed(batch, startedAt, reason) {
      for (const queued of batch) {
        const parent = causeOf(queued);
        if (parent === undefined) continue;
        const span = tracer.start('commit', {
          parent,
          startedAt,
          attributes: { 'onepush.commit.pushes': batch.length },
        });
        span?.fail(reason);
        span?.end();
      }
    },
    scheduled(jobId, trace, lifetime) {
      trace.set(messageAttributes(jobId));
      const since = now();
      pushes.add({ id: jobId, context: trace.context, since, expiresAt: since + lifetime, deviceNums: undefined });
    },
    handedOut: deliveries.handedOut,
    sessionEnded: (deviceNum) => deliveries.left(deviceNum, 'pending'),
    recalled: deliveries.recalled,
    ended: deliveries.ended,
    unregistered: (deviceNum) => deliveries.left(deviceNum, 'discarded'),
    wake({ pushId, deviceNum, channel, attempt }) {
      const push = pushes.find(pushId);
      if (push === undefined || push.deviceNums?.has(deviceNum) === false) return undefined;
      const span = pushes.begin(push, 'wake', {
        kind: 'CLIENT',
        attributes: { 'onepush.channel': channel, 'onepush.wake.attempt': attempt + 1 },
      });
      if (span === undefined) return undefined;
      return {
        headers: tracer.write(span.context),
        ended(outcome) {
          span.set({ 'onepush.wake.outcome': outcome.kind });
          if (outcome.kind !== 'accepted') span.fail(outcome.reason);
          span.end();
        },
      };
    },
    watch(cycle) {
      return {
        ...cycle,
        delivered(deliveryIds) {
          deliveries.received(deliveryIds);
          cycle.delivered(deliveryIds);
        },
        confirmed(confirmation) {
          deliveries.confirmed(confirmation);
          cycle.confirmed(confirmation);
        },
        published(pushId, sessions) {
          const push = pushes.find(pushId);
          const attributes = { 'onepush.sessions': sessions };
          if (push) pushes.begin(push, 'publish', { kind: 'PRODUCER', attributes, startedAt: push.since })?.end();
          cycle.published(pushId, sessions);
        },
      };
    },
    headersOf(pushId) {
      const push = pushes.find(pushId);
      return push && tracer.write(push.context);
    },
    stop() {
      clearInterval(clock);
      deliveries.stop();
    },
  };
}
