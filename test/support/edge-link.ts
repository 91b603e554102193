import { create } from '@bufbuild/protobuf';
import { vi } from 'vitest';
import type { Logger } from '../../common/logs/log.js';
import type { RecallCheck } from '../../core/delivery/sessions/recall-check.js';
import type { Sessions } from '../../core/delivery/sessions/sessions.js';
import { createEdgeLink } from '../../core/link/server.js';
import { createTickets } from '../../core/link/tickets.js';
import type { PushCoreHandlers } from '../../core/rpc/service/handlers.js';
import { type CoreBatch, EdgeBatchSchema } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { createWire } from '../property/wire.js';
import { ADMIT_ALL } from './callers.js';
import { LINK_TOKEN } from './process.js';
import { turn } from './scripted-commits.js';

/** What a core gives for registrations. */
export const TICKETS = createTickets('key');

/** A registration as the core tells it to an edge. */
export function registrationOf(device: number, generation = 1) {
  return { device, generation, ticket: TICKETS.of({ num: device, generation }) };
}

type Batch = Parameters<typeof create<typeof EdgeBatchSchema>>[1];

/** A core's end of the links, whose write cycle settles when the test says. */
export function createLink() {
  let settle = (): void => undefined;
  const state: { settled: Promise<void> | undefined } = { settled: undefined };
  const sessions = {
    attached: vi.fn<Sessions['attached']>(),
    detached: vi.fn<Sessions['detached']>(),
    opened: vi.fn<Sessions['opened']>(),
    closed: vi.fn<Sessions['closed']>(() => false),
    deviceAt: vi.fn<Sessions['deviceAt']>(() => undefined),
    countOf: () => 3,
  };
  let hasLease = true;
  const cycle = {
    delivered: vi.fn(),
    lateDelivered: vi.fn(),
    confirmed: vi.fn(),
    advanceCursor: vi.fn(),
    published: vi.fn(),
    lastCommitted: () => 100,
    whenSettled: () => state.settled,
  };
  const log = { info: vi.fn(), error: vi.fn() };
  const ignored = vi.fn();
  const link = createEdgeLink({
    handlers: {} as PushCoreHandlers,
    admit: ADMIT_ALL,
    // Of the sessions, these reports use no more.
    sessions: sessions as unknown as Sessions,
    cycle,
    recalls: {} as RecallCheck,
    answerEdge: () => Promise.reject(new Error('edges call nothing here')),
    holdsLease: () => hasLease,
    linkToken: LINK_TOKEN,
    tickets: TICKETS,
    log: log as unknown as Logger,
    observer: { sent: () => undefined, received: () => undefined, ignored },
  });
  return {
    sessions,
    cycle,
    log,
    /** The core sends a message to the slot of the edge that attached last, for each of the deliveries. */
    hand(slot: number, ...deliveryIds: number[]) {
      const [edge] = sessions.attached.mock.lastCall ?? [];
      for (const id of deliveryIds) edge?.deliver(slot, { pushId: id, frame: Buffer.from('x'), confirmUntil: 0 }, id);
      return edge;
    },
    ignored,
    /** Nobody knows whether another core has taken over, until the lease is renewed. */
    loseLease() {
      hasLease = false;
      link.detachAll();
    },
    renewLease() {
      hasLease = true;
    },
    /** From now on what is reported waits for its commit, until this is called. */
    hold: () => {
      state.settled = new Promise((resolve) => (settle = resolve));
      return () => settle();
    },
    /** A stream of the edge, with its hello. */
    attach(attachment: number, edgeId = 'edge') {
      const wire = createWire();
      const committed: number[] = [];
      /** How the core ended the stream: undefined as long as it has not. */
      const ended: { code?: number; details?: string }[] = [];
      wire.client.on('data', (batch: CoreBatch) => committed.push(batch.committed));
      link.attach(wire.server);
      wire.server.on('error', (error: { code: number; details: string }) => ended.push(error));
      let number = 0;
      const send = (batch: Batch): boolean =>
        wire.client.write(create(EdgeBatchSchema, { number: ++number, ...batch }));
      send({ hello: { edgeId, attachment } });
      return {
        wire,
        committed,
        ended,
        send,
        async move(): Promise<void> {
          for (let turns = 0; turns < 5; turns++) {
            while (wire.move() > 0);
            await turn();
          }
        },
      };
    },
  };
}
