import type { Logger } from '../../../common/logs/log.js';
import type { Webhook, WebhookLine, WebhookSender } from '../../domain/webhook.js';
import type { Registry } from '../../registry/registry.js';
import type { CoreOwnership, StoredWebhook, StoreReader, WebhookChange } from '../../store/store.js';
import type { ReceiptFeed } from '../receipt-feed.js';
import type { WriteCycle } from '../writer/write-cycle.js';
import { outcomeOf } from './answers.js';
import { WEBHOOK_TIMES, type WebhookTimes } from './backoff.js';
import { createWebhookCounts, type WebhookCounts, type WebhookStanding } from './counts.js';
import { type FindTrace, toTestRequest } from './events.js';
import { createProgressKeeper } from './progress.js';
import {
  createWebhookSecrets,
  type OpenSecrets,
  oldSecretUntil,
  type Sealer,
  signingSecrets,
  type WebhookSecrets,
} from './secrets.js';
import { createTeller, type Teller } from './teller.js';

/** State of a webhook, beside what the store knows. Times are milliseconds since the epoch. */
export interface WebhookStatus {
  /** Its secret cannot be read: nothing can be sent. */
  readonly isLocked: boolean;
  /** Undefined: it waits for nothing. */
  readonly nextAttemptAt: number | undefined;
  /** Time of the oldest event that was not told yet; undefined: none waits, or it is not enabled. */
  readonly oldestUntoldAt: number | undefined;
  /** Undefined: only the present secret signs. */
  readonly oldSecretUntil: number | undefined;
}

/** Back ends of apps that are told of receipts and ends of wakes. */
export interface Webhooks {
  /** Returns true if this may be the address of a webhook, as far as its text tells. */
  allowsUrl(url: string): boolean;
  /** Secrets of webhooks that are created. */
  readonly secrets: Pick<WebhookSecrets, 'canSeal' | 'make'>;
  /** Finds a webhook of an app by its public id. */
  find(appNum: number, id: string): Webhook | undefined;
  /** Returns the state of a webhook. */
  statusOf(num: number): WebhookStatus;
  /** Makes another secret for it, which is to be committed; undefined: there is no key to open or encrypt it with. */
  rotate(num: number): ReturnType<WebhookSecrets['rotate']> | undefined;
  /**
   * Sends an event of the type `test`, one at a time: whoever asks meanwhile gets the same answer. `status` 0: there
   * was none; `reason` "": it was taken.
   */
  test(num: number): Promise<{ readonly status: number; readonly reason: string }>;
}

/** Webhooks that follow what is committed. */
export interface FollowingWebhooks extends Webhooks {
  /**
   * Takes all that is stored, and begins to tell.
   *
   * @returns changes that are to be committed: secrets that are encrypted with the first key from now on
   */
  load(stored: readonly StoredWebhook[]): WebhookChange[];
  /** A webhook is there, or has changed. */
  set(webhook: StoredWebhook): void;
  /** A webhook is gone. */
  removed(num: number): void;
  /** Dead letters of it are to be sent again. */
  replayed(num: number): void;
  /** An app was enabled, disabled or deleted. */
  appChanged(id: string): void;
  /** Returns counts since the start, and the states of all webhooks. */
  counts(): WebhookCounts & WebhookStanding;
  /** Begins no further request; resolves when none is under way, or all were cut off after so many milliseconds. */
  stop(withinMs: number): Promise<void>;
}

interface Known {
  webhook: StoredWebhook;
  /** Undefined: none of the keys fits. */
  open: OpenSecrets | undefined;
  /** The teller, or that of before the last change. Undefined: there was none since the start. */
  telling: Telling | undefined;
  /** A request by which it is tried. */
  trial?: ReturnType<Webhooks['test']>;
}

interface Telling {
  /** As it was when this began. */
  readonly webhook: StoredWebhook;
  readonly teller: Teller;
  /** Its way to the back end. */
  readonly line: WebhookLine;
}

/** Returns no webhooks. */
export function createWebhooks(options: {
  sender: WebhookSender;
  sealer: Sealer;
  feed: Pick<ReceiptFeed, 'next'>;
  store: Pick<StoreReader, 'readReplays'> & Pick<CoreOwnership, 'holdsLease'>;
  registry: Pick<Registry, 'getApp'>;
  /** Asked once something is to be committed. */
  cycle: () => Pick<WriteCycle, 'execute' | 'commands'>;
  /** Absent: traces are off. */
  findTrace?: FindTrace | undefined;
  log: Logger;
  now?: () => number;
  times?: WebhookTimes;
  keepMs?: number;
}): FollowingWebhooks {
  const { sender, feed, store, registry, log, now = Date.now, times = WEBHOOK_TIMES } = options;
  const secrets = createWebhookSecrets(options.sealer);
  const known = new Map<number, Known>();
  const { counts, observe, dropped } = createWebhookCounts();
  const progress = createProgressKeeper({ ...options, dropped });
  let isStopped = false;

  async function mayTell(appId: string): Promise<boolean> {
    return store.holdsLease() && !(await registry.getApp(appId)).disabled;
  }

  /** Begins to tell once the teller before has ended, behind what that one has told. */
  async function begin(one: Known): Promise<void> {
    const { webhook, open, telling: earlier } = one;
    await earlier?.teller.ended;
    earlier?.line.close();
    // Another change came first.
    if (isStopped || known.get(webhook.num) !== one || webhook.disabledAt !== null || open === undefined) return;
    const told = earlier?.webhook.rewinds === webhook.rewinds ? earlier.teller.state().position : undefined;
    const line = sender.open();
    const teller = createTeller({
      webhook,
      from: told ?? webhook.position,
      secrets: () => signingSecrets(open, now()),
      line,
      feed,
      store,
      progress,
      mayTell: () => mayTell(webhook.appId),
      findTrace: options.findTrace,
      observe,
      times,
      log,
      now,
    });
    one.telling = { webhook, teller, line };
  }

  function set(webhook: StoredWebhook): void {
    const { telling } = known.get(webhook.num) ?? {};
    telling?.teller.stop();
    const one: Known = { webhook, open: secrets.open(webhook), telling };
    known.set(webhook.num, one);
    begin(one);
  }

  /** The teller of a webhook as it is now. */
  function tellerOf({ webhook, telling }: Known): Teller | undefined {
    return telling?.webhook === webhook ? telling.teller : undefined;
  }

  async function tryOut({ webhook, open }: Known): ReturnType<Webhooks['test']> {
    if (open === undefined) return { status: 0, reason: 'wrong_key' };
    const line = sender.open();
    const request = { url: webhook.url, secrets: signingSecrets(open, now()) };
    const answer = await line.post({ ...request, ...toTestRequest(webhook, now()) });
    line.close();
    const outcome = outcomeOf(answer);
    return {
      status: answer.kind === 'answered' ? answer.status : 0,
      reason: outcome.kind === 'taken' ? '' : outcome.reason,
    };
  }

  /** Undefined: it is enabled. */
  function disabledAt(one: Known): number | undefined {
    return one.webhook.disabledAt ?? tellerOf(one)?.state().disabledAt ?? undefined;
  }

  function stateOf(one: Known): keyof WebhookStanding['states'] {
    if (disabledAt(one) !== undefined) return 'disabled';
    if (one.open === undefined) return 'locked';
    return (tellerOf(one)?.state().failingSince ?? null) === null ? 'active' : 'failing';
  }

  return {
    allowsUrl: sender.allows,
    secrets,
    find(appNum, id) {
      for (const { webhook } of known.values()) if (webhook.appNum === appNum && webhook.id === id) return webhook;
      return undefined;
    },
    statusOf(num) {
      const one = known.get(num);
      const state = one && disabledAt(one) === undefined ? tellerOf(one)?.state() : undefined;
      return {
        isLocked: one !== undefined && one.open === undefined,
        nextAttemptAt: state?.nextAttemptAt,
        oldestUntoldAt: state?.oldestUntoldAt,
        oldSecretUntil: one?.open && oldSecretUntil(one.open, now()),
      };
    },
    rotate(num) {
      const one = known.get(num);
      if (one?.open === undefined || !secrets.canSeal()) return undefined;
      return secrets.rotate(one.webhook.id, one.open, now());
    },
    async test(num) {
      const one = known.get(num);
      if (one === undefined) return { status: 0, reason: 'wrong_key' };
      one.trial ??= tryOut(one).finally(() => {
        delete one.trial;
      });
      return one.trial;
    },
    load(stored) {
      for (const webhook of stored) set(webhook);
      const locked = [...known.values()].filter(({ open }) => open === undefined).length;
      if (locked > 0) {
        log.error(
          { component: 'webhooks', webhooks: locked },
          'stored webhooks cannot be used: ONEPUSH_SECRET_KEY is missing or has not their key',
        );
      }
      return stored.flatMap((webhook) => {
        const sealed = secrets.reseal(webhook);
        return sealed === undefined ? [] : [{ num: webhook.num, appNum: webhook.appNum, set: sealed }];
      });
    },
    set,
    removed(num) {
      const one = known.get(num);
      known.delete(num);
      one?.telling?.teller.stop();
      one?.telling?.line.close();
      progress.forget(num);
    },
    replayed: (num) => known.get(num)?.telling?.teller.replay(),
    appChanged(id) {
      for (const { webhook, telling } of known.values()) if (webhook.appId === id) telling?.teller.recheck();
    },
    counts() {
      const standing = { states: { active: 0, failing: 0, disabled: 0, locked: 0 }, lagMs: 0 };
      for (const one of known.values()) {
        standing.states[stateOf(one)]++;
        const oldest = disabledAt(one) === undefined ? tellerOf(one)?.state().oldestUntoldAt : undefined;
        if (oldest !== undefined) standing.lagMs = Math.max(standing.lagMs, now() - oldest);
      }
      return { ...counts, ...standing };
    },
    async stop(withinMs) {
      isStopped = true;
      const all = [...known.values()].flatMap(({ telling }) => telling ?? []);
      for (const { teller } of all) teller.stop();
      const timer = setTimeout(() => {
        for (const { line } of all) line.close();
      }, withinMs);
      await Promise.all(all.map(({ teller }) => teller.ended));
      clearTimeout(timer);
      for (const { line } of all) line.close();
      await progress.stop();
    },
  };
}
