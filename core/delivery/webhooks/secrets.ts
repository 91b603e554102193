import { randomBytes } from 'node:crypto';
import { OLD_SECRET_MS } from '../../domain/webhook.js';
import type { StoredWebhook } from '../../store/store.js';

/** An encrypted text, and the name of its key. */
interface Sealed {
  readonly keyId: string;
  readonly text: string;
}

/** Encrypts: as `SecretBox` has it. */
export interface Sealer {
  /** Name of the key that encrypts; undefined: there is none. */
  readonly keyId: string | undefined;
  /** Encrypts with that key. */
  seal(text: string, place: string): Sealed;
  /** Decrypts; undefined: none of the keys fits. */
  open(sealed: Sealed, place: string): string | undefined;
}

/** Secrets of one webhook. */
export interface OpenSecrets {
  readonly current: string;
  /** Those before, the newest first, while receivers may not have changed yet: times in milliseconds. */
  readonly old?: readonly { readonly secret: string; readonly until: number }[];
}

/** Secrets as the store has them. */
export type SealedSecrets = Pick<StoredWebhook, 'secrets' | 'keyId'>;

/** Makes the secrets of webhooks, and opens them. */
export interface WebhookSecrets {
  /** Returns true if there is a key to encrypt with. */
  canSeal(): boolean;
  /** Makes the first secret of a webhook. @throws Error if there is no key */
  make(id: string): { readonly secret: string; readonly sealed: SealedSecrets };
  /**
   * Makes another one, beside which the present one and those before it sign for a time.
   *
   * @throws Error if there is no key
   */
  rotate(
    id: string,
    open: OpenSecrets,
    now: number,
  ): { readonly secret: string; readonly oldUntil: number; readonly sealed: SealedSecrets };
  /** Opens the secrets of a webhook; undefined: none of the keys fits. */
  open(webhook: SealedSecrets & Pick<StoredWebhook, 'id'>): OpenSecrets | undefined;
  /** Encrypts with the first key what is encrypted with another; undefined: nothing is to be done. */
  reseal(webhook: SealedSecrets & Pick<StoredWebhook, 'id'>): SealedSecrets | undefined;
}

const SECRET_BYTES = 32;
/** Maximum number of secrets that sign a request: beyond it the oldest go. */
const MAX_SECRETS = 10;

/** Returns secrets over what encrypts. */
export function createWebhookSecrets(box: Sealer): WebhookSecrets {
  function seal(id: string, open: OpenSecrets): SealedSecrets {
    const { text, keyId } = box.seal(JSON.stringify(open), placeOf(id));
    return { secrets: text, keyId };
  }

  function findText({ id, secrets, keyId }: SealedSecrets & Pick<StoredWebhook, 'id'>): string | undefined {
    return box.open({ keyId, text: secrets }, placeOf(id));
  }

  return {
    canSeal: () => box.keyId !== undefined,
    make(id) {
      const secret = newSecret();
      return { secret, sealed: seal(id, { current: secret }) };
    },
    rotate(id, { current, old = [] }, now) {
      const [secret, oldUntil] = [newSecret(), now + OLD_SECRET_MS];
      const signing = [{ secret: current, until: oldUntil }, ...old.filter(({ until }) => now < until)];
      return { secret, oldUntil, sealed: seal(id, { current: secret, old: signing.slice(0, MAX_SECRETS - 1) }) };
    },
    open(webhook) {
      const text = findText(webhook);
      // What `seal` has encrypted.
      return text === undefined ? undefined : (JSON.parse(text) as OpenSecrets);
    },
    reseal(webhook) {
      if (box.keyId === undefined || webhook.keyId === box.keyId) return undefined;
      const text = findText(webhook);
      if (text === undefined) return undefined;
      const sealed = box.seal(text, placeOf(webhook.id));
      return { secrets: sealed.text, keyId: sealed.keyId };
    },
  };
}

/** Returns the secrets that a request is signed with at a time. */
export function signingSecrets({ current, old = [] }: OpenSecrets, now: number): readonly string[] {
  return [current, ...old.filter(({ until }) => now < until).map(({ secret }) => secret)];
}

/** Returns the end of the last time in which an earlier secret signs too; undefined: none does. */
export function oldSecretUntil({ old = [] }: OpenSecrets, now: number): number | undefined {
  return old.find(({ until }) => now < until)?.until;
}

/** A secret in the form of Standard Webhooks. */
function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** The place of secrets, outside of which they cannot be decrypted. */
function placeOf(id: string): string {
  return JSON.stringify(['webhook', id]);
}
