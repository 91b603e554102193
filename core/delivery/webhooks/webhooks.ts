import type { Logger } from '../../../common/logs/log.js';
import type { Webhook, WebhookSender } from '../../domain/webhook.js';
import type { StoredWebhook, WebhookChange } from '../../store/store.js';
import { outcomeOf } from './answers.js';
import { createWebhookSecrets, type OpenSecrets, type Sealer, signingSecrets, type WebhookSecrets } from './secrets.js';

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
  /** Sends an event of the type `test`. `status` 0: there was no answer; `reason` "": it was taken. */
  test(num: number): Promise<{ readonly status: number; readonly reason: string }>;
}

/** Webhooks that follow what is committed. */
export interface FollowingWebhooks extends Webhooks {
  /**
   * Takes all that is stored.
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
}

interface Known {
  webhook: StoredWebhook;
  /** Undefined: none of the keys fits. */
  open: OpenSecrets | undefined;
}

const UNKNOWN: WebhookStatus = {
  isLocked: false,
  nextAttemptAt: undefined,
  oldestUntoldAt: undefined,
  oldSecretUntil: undefined,
};

/** Returns no webhooks. */
export function createWebhooks(options: {
  sender: WebhookSender;
  sealer: Sealer;
  log: Logger;
  now?: () => number;
}): FollowingWebhooks {
  const { sender, log, now = Date.now } = options;
  const secrets = createWebhookSecrets(options.sealer);
  const known = new Map<number, Known>();

  function set(webhook: StoredWebhook): void {
    known.set(webhook.num, { webhook, open: secrets.open(webhook) });
  }

  return {
    allowsUrl: sender.allows,
    secrets,
    find(appNum, id) {
      for (const { webhook } of known.values()) if (webhook.appNum === appNum && webhook.id === id) return webhook;
      return undefined;
    },
    statusOf(num) {
      const found = known.get(num);
      if (found === undefined) return UNKNOWN;
      const old = found.open?.old;
      return {
        ...UNKNOWN,
        isLocked: found.open === undefined,
        oldSecretUntil: old !== undefined && now() < old.until ? old.until : undefined,
      };
    },
    rotate(num) {
      const found = known.get(num);
      if (found?.open === undefined || !secrets.canSeal()) return undefined;
      return secrets.rotate(found.webhook.id, found.open, now());
    },
    async test(num) {
      const found = known.get(num);
      if (found?.open === undefined) return { status: 0, reason: 'wrong_key' };
      const { id, url } = found.webhook;
      const line = sender.open();
      const timestamp = new Date(now()).toISOString();
      const body = JSON.stringify({ type: 'test', timestamp, data: {} });
      const requestId = `msg_test_${id}_${now()}`;
      const answer = await line.post({ url, secrets: signingSecrets(found.open, now()), id: requestId, body });
      line.close();
      const outcome = outcomeOf(answer);
      return {
        status: answer.kind === 'answered' ? answer.status : 0,
        reason: outcome.kind === 'taken' ? '' : outcome.reason,
      };
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
    removed: (num) => void known.delete(num),
    replayed: () => {},
    appChanged: () => {},
  };
}
