import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { Webhook } from '../../core/domain/webhook.js';
import type { Store } from '../../core/store/store.js';
import { must, openStore } from '../contract/each-store.js';
import { eventually } from './eventually.js';
import { type FreshDatabase, freshDatabase, suiteStore } from './stores.js';
import {
  type BackEnd,
  startBackEnd,
  startWebhookCore,
  type WebhookCore,
  type WebhookCoreOptions,
} from './webhook-core.js';

/** A core with webhooks and a back end, anew for each test, over a store of the suite. */
export interface WebhookRig {
  readonly store: Store;
  readonly core: WebhookCore;
  readonly backEnd: BackEnd;
  /** Starts another core; the one before is stopped, or has to be. `store`: to be used in place of the suite's. */
  start(given?: WebhookCoreOptions & { store?: Store }): Promise<void>;
  /** Starts a further back end. */
  another(): Promise<BackEnd>;
  /** Resolves when as many messages were told. */
  tellsAll(ids: readonly string[], of?: BackEnd): Promise<unknown>;
  lettersOf(webhook: Pick<Webhook, 'num'>): ReturnType<Store['listDeadLetters']>;
  /** A webhook of the core's app, as it is stored now. */
  listed(webhook: Pick<Webhook, 'num'>): Promise<Webhook>;
}

/** Messages that a back end was told of, in order, repeats too. */
export const messages = ({ told }: BackEnd): string[] => told.map(({ messageId }) => messageId);

/** Runs a suite over the store of this run: SQLite, and MySQL under `make fault`. */
export function webhookSuite(title: string, suite: (rig: WebhookRig) => void): void {
  const kind = suiteStore();
  describe.runIf(kind !== undefined)(`${title}: ${kind}`, () => {
    let database: FreshDatabase | undefined;
    let store: Store | undefined;
    let core: WebhookCore | undefined;
    let backEnd: BackEnd | undefined;
    const others: BackEnd[] = [];
    const rig: WebhookRig = {
      get store() {
        return must(store);
      },
      get core() {
        return must(core);
      },
      get backEnd() {
        return must(backEnd);
      },
      async start({ store: over = rig.store, ...given } = {}) {
        core = await startWebhookCore(over, rig.backEnd.server.ca, given);
      },
      async another() {
        const made = await startBackEnd();
        others.push(made);
        return made;
      },
      tellsAll: (ids, of = rig.backEnd) =>
        eventually(() => new Set(messages(of)).size >= ids.length, { message: 'all to be told' }),
      lettersOf: ({ num }) => rig.store.listDeadLetters(num, Number.MAX_SAFE_INTEGER, 100),
      listed: async ({ num }) =>
        must((await rig.store.listWebhooks(rig.core.app.num)).find((each) => each.num === num)),
    };

    beforeAll(async () => {
      database = await freshDatabase(kind ?? 'sqlite');
      store = await openStore(database.url);
    });
    afterAll(async () => {
      await store?.close();
      await database?.drop();
    });
    beforeEach(async () => {
      backEnd = await startBackEnd();
      await rig.start();
    });
    afterEach(async () => {
      for (const { num, appNum } of await rig.store.loadWebhooks()) await rig.core.remove({ num, appNum });
      await rig.core.stop();
      expect(rig.backEnd.forged).toBe(0);
      for (const { server } of [rig.backEnd, ...others.splice(0)]) await server.stop();
    });
    suite(rig);
  });
}
