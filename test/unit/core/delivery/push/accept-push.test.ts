import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAcceptPush, type PushDraft } from '../../../../../core/delivery/push/accept-push.js';
import type { PushRequest } from '../../../../../core/delivery/writer/push-queue.js';
import type { WriteCycle } from '../../../../../core/delivery/writer/write-cycle.js';
import type { App } from '../../../../../core/domain/app.js';
import { createRegistry } from '../../../../../core/registry/registry.js';
import type { StoreReader } from '../../../../../core/store/store.js';
import { unlimited } from '../../../../support/limits.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => vi.useRealTimers());

const draft: PushDraft = {
  tenantCode: '',
  platform: 'ALL',
  msgType: 'MSG',
  needConfirm: false,
  audience: { kind: 'everyone' },
  duration: undefined,
  content: { alert: 'x' },
  idempotency: undefined,
};

it('a push counts as called when it came, however often its audience is looked for again', async () => {
  const requests: PushRequest[] = [];
  const cycle: Pick<WriteCycle, 'push'> = {
    async push(request) {
      requests.push(request);
      // It changes each time, but for the last.
      vi.advanceTimersByTime(1000);
      return requests.length < 3 ? undefined : 7;
    },
  };
  // A topic is looked up, and a topic push is made, with no more of the store and the cycle.
  const store = { findTopics: async () => [{ appNum: 1, tag: '', num: 5 }] } as unknown as StoreReader;
  const accept = createAcceptPush(createRegistry(store), store, cycle as WriteCycle, 10, unlimited());
  const called = performance.now();
  expect(await accept({ id: 'a', num: 1 } as App, draft)).toBe(7);
  expect(requests.map(({ since }) => since)).toEqual([called, called, called]);
});
