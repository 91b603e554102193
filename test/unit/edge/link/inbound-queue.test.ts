import { describe, expect, test, vi } from 'vitest';
import { createInboundQueue, type Incoming } from '../../../../edge/link/inbound-queue.js';
import type { Item } from '../../../../edge/link/wire.js';

const PUBLICATION_BYTES = 1024 * 1024;

/** Recalls, which are told apart by their pushes. */
function message(number: number, ...pushIds: number[]): Incoming {
  return { number, items: pushIds.map(recallOf) };
}

function recallOf(pushId: number): Item {
  const value = { $typeName: 'onepush.link.v1.Recall' as const, pushId, slots: [], cleared: false };
  return { $typeName: 'onepush.link.v1.Item', item: { case: 'recall', value } };
}

/** A message with a frame of a megabyte. */
function large(number: number): Incoming {
  const value = {
    $typeName: 'onepush.link.v1.Publication' as const,
    pushId: number,
    topics: [1],
    platform: 0,
    frame: new Uint8Array(PUBLICATION_BYTES),
    iosFrame: new Uint8Array(),
    confirmUntil: 0,
  };
  return { number, items: [{ $typeName: 'onepush.link.v1.Item', item: { case: 'publication', value } }] };
}

function pushOf({ item }: Item): number {
  return item.case === 'recall' || item.case === 'publication' ? item.value.pushId : 0;
}

/** An inbox whose work yields after each item, as long as `slow` says. */
function createTestInbox() {
  const state = {
    slow: true,
    did: [] as number[],
    items: [] as number[],
    runs: 0,
    left: 0,
    done: [] as number[],
    read: [] as boolean[],
  };
  const inbox = createInboundQueue({
    *work(items) {
      state.runs++;
      try {
        for (const item of items) {
          state.did.push(pushOf(item));
          if (state.slow) yield;
        }
      } finally {
        state.left++;
      }
    },
    done({ number, items }) {
      state.done.push(number);
      state.items.push(items.length);
    },
    read: (wanted) => state.read.push(wanted),
  });
  return { inbox, state };
}

describe('the inbox of an edge', () => {
  test('does at once what does not take more than a turn', () => {
    const { inbox, state } = createTestInbox();
    state.slow = false;
    inbox.add(message(1, 10, 11));
    inbox.add(message(2));
    inbox.add(message(3, 12));
    expect(state).toMatchObject({ did: [10, 11, 12], done: [1, 2, 3] });
  });

  test('gives others a turn in between, and does what came meanwhile together and in order', async () => {
    const { inbox, state } = createTestInbox();
    inbox.add(message(1, 10, 11));
    expect(state).toMatchObject({ did: [10], done: [] });
    inbox.add(message(2, 12));
    inbox.add(message(3, 13, 14));
    inbox.add(message(4));
    expect(state.did).toEqual([10]);
    await vi.waitFor(() => expect(state.done).toEqual([1, 4]));
    expect(state).toMatchObject({ did: [10, 11, 12, 13, 14], runs: 2, items: [2, 3] });
  });

  test('does nothing more of what waits when the link is gone, and begins anew with the next', async () => {
    const { inbox, state } = createTestInbox();
    inbox.add(message(1, 10, 11));
    inbox.add(message(2, 12));
    inbox.drop();
    expect(state).toMatchObject({ did: [10], done: [], left: 1 });
    inbox.add(message(1, 20, 21));
    await vi.waitFor(() => expect(state.done).toEqual([1]));
    expect(state.did).toEqual([10, 20, 21]);
  });

  test('has the link not read while very much waits', async () => {
    const { inbox, state } = createTestInbox();
    for (let number = 1; number <= 20; number++) inbox.add(large(number));
    expect(state.read).toEqual([false]);
    await vi.waitFor(() => expect(state.done).toEqual([1, 20]));
    expect(state.read).toEqual([false, true]);
  });

  test('has the link read again when it is dropped', () => {
    const { inbox, state } = createTestInbox();
    for (let number = 1; number <= 20; number++) inbox.add(large(number));
    inbox.drop();
    expect(state.read).toEqual([false, true]);
  });
});
