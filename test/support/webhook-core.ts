import { randomBytes } from 'node:crypto';
import { Webhook as Verifier } from 'standardwebhooks';
import type { Logger } from '../../common/logs/log.js';
import { createReceiptFeed } from '../../core/delivery/receipt-feed.js';
import { createWebhooks, type FollowingWebhooks } from '../../core/delivery/webhooks/webhooks.js';
import { single } from '../../core/delivery/writer/command-queue.js';
import { createWriteCycle } from '../../core/delivery/writer/write-cycle.js';
import type { App } from '../../core/domain/app.js';
import { createIdClock } from '../../core/domain/id-clock.js';
import type { Webhook } from '../../core/domain/webhook.js';
import { createWebhookSender } from '../../core/outbound/webhook-sender.js';
import { createSecretBox } from '../../core/sealing/secret-box.js';
import { CORE } from '../../core/store/sql/fence.js';
import type { DeliveryBatch, Store, WebhookChange } from '../../core/store/store.js';
import { batch, directed, newApp, newDevices } from '../contract/samples.js';
import { startVendorServer, type VendorAnswer, type VendorRequest, type VendorServer } from './vendors/server.js';

const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;
const DAY = 86_400_000;
const KEY = Buffer.alloc(32, 7);

/** An event, as a back end gets it. */
export interface ToldEvent {
  readonly type: string;
  readonly id: string;
  readonly messageId: string;
  readonly deviceId: string;
  readonly state: string;
}

/** A back end that checks every signature with Standard Webhooks' own library, and keeps what it has taken. */
export interface BackEnd {
  readonly server: VendorServer;
  readonly url: string;
  /** Events of requests that were taken, in their order, repeats too. */
  readonly told: ToldEvent[];
  /** Requests whose signature was wrong. */
  readonly forged: number;
  /** Secrets that it takes. */
  readonly secrets: string[];
  /** Answers for events; undefined: they are taken. */
  judge: (events: readonly ToldEvent[], request: VendorRequest) => VendorAnswer | 'silence' | undefined;
}

export async function startBackEnd(): Promise<BackEnd> {
  const told: ToldEvent[] = [];
  const secrets: string[] = [];
  let forged = 0;
  const server = await startVendorServer({
    handle(request) {
      const { headers, body } = request;
      const isSigned = secrets.some((secret) => {
        try {
          return new Verifier(secret).verify(body.toString(), headers) !== undefined;
        } catch {
          return false;
        }
      });
      if (!isSigned) {
        forged++;
        return { status: 400 };
      }
      const { events } = (JSON.parse(body.toString()) as { data: { events: ToldEvent[] } }).data;
      const answer = backEnd.judge(events, request);
      if (answer === undefined) told.push(...events);
      return answer ?? { status: 204 };
    },
  });
  const backEnd: BackEnd = {
    server,
    url: `${server.url}/hooks/secret-path`,
    told,
    secrets,
    get forged() {
      return forged;
    },
    judge: () => undefined,
  };
  return backEnd;
}

/** A writer and webhooks over a store, as a core has them, with short pauses. */
export interface WebhookCore {
  readonly webhooks: FollowingWebhooks;
  readonly app: App;
  /** Creates a webhook of the app. */
  create(backEnd: Pick<BackEnd, 'url' | 'secrets'>, given?: { maxEvents?: number; app?: App }): Promise<Webhook>;
  change(webhook: Webhook, set: WebhookChange['set']): Promise<unknown>;
  remove(webhook: Pick<Webhook, 'num' | 'appNum'>): Promise<unknown>;
  replay(webhook: Webhook): Promise<number | undefined>;
  /** Disables the app, or enables it. */
  disable(disabled: boolean): void;
  /** Ends deliveries of new pushes to each of so many devices. Answers the ids of messages, in order. */
  end(pushes: number, devices?: number, app?: App): Promise<string[]>;
  stop(): Promise<void>;
}

/** Options of `startWebhookCore`. */
export interface WebhookCoreOptions {
  /** An app that is there already. */
  readonly app?: App;
  readonly now?: () => number;
  readonly keepMs?: number;
}

export async function startWebhookCore(store: Store, ca: string, given: WebhookCoreOptions = {}): Promise<WebhookCore> {
  const { keepMs = 5 } = given;
  const app = given.app ?? (await newApp(store));
  let isDisabled = false;
  const feed = createReceiptFeed(store, LOG);
  const sender = createWebhookSender({ hosts: ['localhost'], ca });
  const webhooks = createWebhooks({
    sender,
    sealer: createSecretBox([KEY]),
    feed,
    store,
    registry: { getApp: async () => ({ ...app, disabled: isDisabled }) },
    cycle: () => cycle,
    log: LOG,
    now: given.now ?? Date.now,
    times: { firstPauseMs: 5, longestPauseMs: 40, giveUpMs: 3 * DAY },
    keepMs,
  });
  const highest = await store.loadHighestIds();
  const cycle = createWriteCycle({
    store,
    pushIds: createIdClock(CORE, highest.push),
    deliveryIds: createIdClock(CORE, highest.push),
    onCommit(effect) {
      if (effect.kind === 'webhookSet') webhooks.set(effect.webhook);
      if (effect.kind === 'webhookRemoved') webhooks.removed(effect.num);
      if (effect.kind === 'webhookReplayed') webhooks.replayed(effect.num);
    },
    fenced() {},
    committed: feed.committed,
    log: LOG,
  });
  const { commands } = cycle;
  let serial = 0;
  const deliver = {
    subjectOf: () => String(++serial),
    apply: ([one]: readonly DeliveryBatch[]) => single(one, (each) => store.commitDeliveries(each)),
  };
  webhooks.load(await store.loadWebhooks());
  return {
    webhooks,
    app,
    async create({ url, secrets }, { maxEvents = 100, app: of = app } = {}) {
      const id = `whk_${randomBytes(12).toString('hex')}`;
      const { secret, sealed } = webhooks.secrets.make(id);
      secrets.push(secret);
      const webhook = { id, appNum: of.num, name: '', url, events: 'both', maxEvents, ...sealed } as const;
      return cycle.execute(commands.createWebhook, webhook);
    },
    change: ({ num, appNum }, set) => cycle.execute(commands.changeWebhook, { num, appNum, set }),
    remove: ({ num, appNum }) => cycle.execute(commands.removeWebhook, { num, appNum }),
    replay: ({ num, appNum }) => cycle.execute(commands.replayDeadLetters, { num, appNum, nums: undefined }),
    disable(disabled) {
      isDisabled = disabled;
      webhooks.appChanged(app.id);
    },
    async end(pushes, devices = 1, of = app) {
      const nums = (await newDevices(store, of, devices)).map(({ device }) => device.num);
      const ids: string[] = [];
      for (let count = 0; count < pushes; count++) {
        const { made, id, deliveries } = directed(of, nums);
        await cycle.execute(deliver, batch({ pushes: [made] }));
        await cycle.execute(deliver, batch({ delivered: deliveries }));
        ids.push(String(id));
      }
      return ids;
    },
    async stop() {
      await webhooks.stop(100);
      feed.stop();
      await cycle.idle();
    },
  };
}
