import { expect, test } from 'vitest';
import type { ReportedSession } from '../../../../edge/link/session-reports.js';
import { type Item, OrderKind, type SessionOrder } from '../../../../edge/link/wire.js';
import { createHub } from '../../../../edge/ws/hub.js';
import type { SocketSession } from '../../../../edge/ws/session.js';

/** A hub that is attached to a core, and what it reports. */
function attachedHub() {
  const reported: string[] = [];
  const nothing = (): void => undefined;
  const outbox = {
    opened: ({ slot, device, generation }: ReportedSession) => reported.push(`opened ${slot} ${device}.${generation}`),
    closed: ({ slot, device }: ReportedSession) => reported.push(`closed ${slot} ${device}`),
    confirmed: ({ device, generation }: ReportedSession, pushId: number) =>
      reported.push(`confirmed ${pushId} ${device}.${generation}`),
    drained: ({ page }: ReportedSession) => reported.push(`drained ${page}`),
    delivered: nothing,
    deliveredLate: nothing,
    published: nothing,
    left: nothing,
    stalled: nothing,
    acknowledged: nothing,
    unconfirmed: nothing,
  };
  const hub = createHub(() => ({ isAttached: () => true, outbox }), {
    maxSessions: 10,
    confirmInterval: 10_000,
    delivered: 'received',
    pongSeconds: 10,
  });
  return {
    hub,
    reported,
    open(): SocketSession {
      // Nothing is sent to the socket here.
      const session = hub.open({} as SocketSession['connection'], 'device');
      if (session === undefined) throw new Error('there is room');
      return session;
    },
    order(kind: OrderKind, order: Partial<SessionOrder>): void {
      // Of an order, those of its fields that its kind has.
      const item = { item: { case: 'order', value: { kind, slot: 0, ...order } } } as unknown as Item;
      const work = hub.items([item], 1);
      while (!work.next().done);
    },
  };
}

test('what a device confirms before its session is accepted goes out when it is, once, under its registration', () => {
  const { hub, reported, open, order } = attachedHub();
  const session = open();
  hub.confirm(session, 7);
  hub.confirm(session, 8);
  expect(reported).toEqual(['opened 0 0.0']);
  order(OrderKind.RESUME, { page: 1, device: 4, generation: 2 });
  expect(reported.splice(0)).toEqual(['opened 0 0.0', 'confirmed 7 4.2', 'confirmed 8 4.2']);
  hub.confirm(session, 9);
  order(OrderKind.RESUME, { page: 2, device: 4, generation: 2 });
  expect(reported).toEqual(['confirmed 9 4.2']);
  hub.stop();
});

test('a session is announced to the next core under the registration that it was accepted for', () => {
  const { hub, reported, open, order } = attachedHub();
  open();
  order(OrderKind.RESUME, { page: 1, device: 4, generation: 2 });
  hub.detached();
  hub.attached();
  expect(reported).toEqual(['opened 0 0.0', 'opened 0 4.2']);
  hub.stop();
});

test('a session that has drained says of which page', () => {
  const { hub, reported, open, order } = attachedHub();
  open();
  order(OrderKind.RESUME, { page: 3, device: 4, generation: 2 });
  order(OrderKind.SYNC, {});
  expect(reported).toEqual(['opened 0 0.0', 'drained 3']);
  hub.stop();
});
