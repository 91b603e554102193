import { create } from '@bufbuild/protobuf';
import { expect, test, vi } from 'vitest';
import type { Logger } from '../../common/log.js';
import type { RecallCheck } from '../../core/delivery/recall-check.js';
import type { Sessions } from '../../core/delivery/sessions.js';
import { createEdgeLink } from '../../core/rpc/edge-link.js';
import type { PushCoreHandlers } from '../../core/rpc/handlers.js';
import { type CoreBatch, EdgeBatchSchema, SessionEvent_Kind as Kind } from '../../gen/onepush/link/v1/edge_link_pb.js';
import { createWire } from '../property/wire.js';
import { turn } from '../support/scripted-commits.js';

/** A core's end of a link, whose sessions and write cycle settle when the test says. */
function attachEdge() {
  let tell = (): void => undefined;
  let settle = (): void => undefined;
  let told: Promise<void> | undefined = new Promise((resolve) => (tell = resolve));
  /** What devices confirmed is in the write cycle only when they are known. */
  let settled: Promise<void> | undefined;
  const sessions = { attached() {}, confirmed() {}, told: () => told };
  const cycle = { delivered: vi.fn(), published: vi.fn(), lastCommitted: () => 0, settled: () => settled };
  const link = createEdgeLink({
    handlers: {} as PushCoreHandlers,
    // Of the sessions, these reports use no more.
    sessions: sessions as unknown as Sessions,
    cycle,
    recalls: {} as RecallCheck,
    linkToken: undefined,
    log: { info() {} } as unknown as Logger,
  });
  const wire = createWire();
  const committed: number[] = [];
  wire.client.on('data', (batch: CoreBatch) => committed.push(batch.committed));
  link.attach(wire.server);
  let number = 0;
  const send = (batch: Parameters<typeof create<typeof EdgeBatchSchema>>[1]) =>
    wire.client.write(create(EdgeBatchSchema, { ...batch, number: ++number }));
  send({ hello: { edgeId: 'edge' } });
  return {
    committed,
    send,
    settle: () => settle(),
    tell() {
      told = undefined;
      settled = new Promise((resolve) => (settle = resolve));
      tell();
    },
    async move(): Promise<void> {
      for (let turns = 0; turns < 5; turns++) {
        while (wire.move() > 0);
        await turn();
      }
    },
  };
}

test('an edge is told that its reports are committed when the devices are known, and what they confirmed is committed', async () => {
  const { committed, send, tell, settle, move } = attachEdge();
  send({ events: [{ kind: Kind.CONFIRMED, slot: 1, deviceId: 'device', pushId: 7 }] });
  await move();
  expect(committed).toEqual([]);
  tell();
  await move();
  send({ delivered: [8] });
  await move();
  expect(committed).toEqual([]);
  settle();
  await move();
  expect(committed.at(-1)).toBe(3);
});
