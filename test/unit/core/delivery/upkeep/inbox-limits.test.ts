import { beforeEach, describe, expect, it } from 'vitest';
import { createInboxLimits, type InboxLimits } from '../../../../../core/delivery/upkeep/inbox-limits.js';
import type { NewPush } from '../../../../../core/store/store.js';

const LIMIT = 3;
let inboxes: Map<number, number>;
/** The devices of each count. */
let counted: number[][];
let failure: Error | undefined;
let meanwhile: (() => void) | undefined;
let connected: Set<number>;
let limits: InboxLimits;

beforeEach(() => {
  inboxes = new Map();
  counted = [];
  failure = undefined;
  meanwhile = undefined;
  connected = new Set();
  limits = createInboxLimits({
    limit: LIMIT,
    isConnected: (deviceNum) => connected.has(deviceNum),
    store: {
      async countInbox(deviceNums) {
        counted.push([...deviceNums]);
        if (failure !== undefined) throw failure;
        const counts = new Map([...inboxes].filter(([deviceNum]) => deviceNums.includes(deviceNum)));
        meanwhile?.();
        return counts;
      },
    },
  });
});

/** Puts one more push into the inboxes of devices. */
function push(...deviceNums: number[]): void {
  for (const deviceNum of deviceNums) inboxes.set(deviceNum, (inboxes.get(deviceNum) ?? 0) + 1);
  const deliveries = deviceNums.map((deviceNum) => ({ id: 0, deviceNum }));
  // Of a push, the limits look at its target.
  limits.pushed([{ target: { kind: 'directed', deliveries } } as unknown as NewPush]);
}

const over = (deviceNum: number) => ({ deviceNum, keep: LIMIT });

describe('the limits of inboxes', () => {
  it('find the inboxes that are over the limit, and no other', async () => {
    for (let count = 0; count < LIMIT; count++) push(1, 2);
    push(2);
    expect(await limits.findFull()).toEqual([over(2)]);
  });

  it('give a device that is connected time to acknowledge what is on its way to it', async () => {
    connected.add(1);
    for (let count = 0; count <= LIMIT; count++) push(1, 2);
    expect(await limits.findFull()).toEqual([over(2)]);
    inboxes.set(1, 0).set(2, 0);
    await limits.findFull();
    for (let count = 0; count <= LIMIT; count++) push(1);
    for (let look = 1; look < 3; look++) expect(await limits.findFull()).toEqual([]);
    expect(await limits.findFull()).toEqual([over(1)]);
    expect(await limits.findFull()).toEqual([over(1)]);
  });

  it('look at nothing while nothing is pushed, and at no push to topics', async () => {
    limits.pushed([{ target: { kind: 'topics', topicNums: [1] } } as unknown as NewPush]);
    expect(await limits.findFull()).toEqual([]);
    expect(counted).toEqual([]);
  });

  it('count an inbox again only when it may be over the limit', async () => {
    push(1);
    await limits.findFull();
    for (let count = 1; count < LIMIT; count++) {
      push(1);
      await limits.findFull();
    }
    expect(counted).toEqual([[1]]);
    // Most of it was delivered meanwhile.
    inboxes.set(1, 0);
    push(1);
    expect(await limits.findFull()).toEqual([]);
    expect(counted).toEqual([[1], [1]]);
  });

  it('name an inbox until it is seen not to be over the limit any more', async () => {
    for (let count = 0; count < LIMIT + 2; count++) push(1);
    expect(await limits.findFull()).toEqual([over(1)]);
    // The eviction took only a part.
    inboxes.set(1, LIMIT + 1);
    expect(await limits.findFull()).toEqual([over(1)]);
    inboxes.set(1, LIMIT);
    expect(await limits.findFull()).toEqual([]);
    expect(await limits.findFull()).toEqual([]);
    expect(counted).toHaveLength(3);
    push(1);
    expect(await limits.findFull()).toEqual([over(1)]);
  });

  it('see what is pushed while they count', async () => {
    for (let count = 0; count < LIMIT; count++) push(1);
    meanwhile = () => {
      meanwhile = undefined;
      push(1);
    };
    expect(await limits.findFull()).toEqual([]);
    expect(await limits.findFull()).toEqual([over(1)]);
  });

  it('count again what could not be counted', async () => {
    for (let count = 0; count < LIMIT + 1; count++) push(1, 2);
    failure = new Error('down');
    await expect(limits.findFull()).rejects.toBe(failure);
    failure = undefined;
    expect(await limits.findFull()).toEqual([over(1), over(2)]);
  });

  it('count at the most 1000 inboxes at once', async () => {
    push(...Array.from({ length: 2500 }, (_, index) => index));
    await limits.findFull();
    expect(counted.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  });
});
