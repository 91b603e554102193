import type { Actor } from '../../domain/access.js';
import type { RegistrationMode, Scope, SigningKeyKind } from '../../domain/app.js';
import type { Channel, ChannelEnvironment, TokenState } from '../../domain/channel.js';
import type { PlatformFilter } from '../../domain/device.js';
import type { JobState } from '../../domain/job.js';
import type { Priority, PushMsgType } from '../../domain/push.js';
import type { QuietSubject } from '../../domain/quiet-hours.js';
import type { FinalState } from '../../domain/receipt.js';
import type { WakePolicy, WakeState } from '../../domain/wake.js';
import type { WebhookEvents } from '../../domain/webhook.js';
import { StoreFault } from './driver.js';

/** Words as the small numbers that the tables keep. A number is never given another meaning. */
function codeTable<T extends string>(codes: Readonly<Record<T, number>>) {
  const words = new Map<number, T>();
  // Object.keys of a Record<T, …> are T: the table below is a literal.
  for (const word of Object.keys(codes) as T[]) words.set(codes[word], word);
  return {
    toCode: (word: T): number => codes[word],
    /** @throws StoreFault for a number that no release has written */
    fromCode(code: unknown): T {
      const word = words.get(Number(code));
      if (word === undefined) throw new StoreFault(`unknown code ${String(code)} in a row`);
      return word;
    },
  };
}

/** Numbers of platforms, and of ALL. */
export const platformCodes = codeTable<PlatformFilter>({ ALL: 0, ANDROID: 1, IOS: 2, PC: 3, WEB: 4 });
/** Numbers of message types. */
export const msgTypeCodes = codeTable<PushMsgType>({ MSG: 1, CMD: 2 });
/** Numbers of final states. */
export const endingCodes = codeTable<FinalState>({
  delivered: 1,
  confirmed: 2,
  expired: 3,
  evicted: 4,
  discarded: 5,
  recalled: 6,
  replaced: 7,
  cleared: 8,
});
/** Numbers of the states of jobs. */
export const jobStateCodes = codeTable<JobState>({ open: 1, done: 2, cancelled: 3, failed: 4 });
/** Numbers of priorities. */
export const priorityCodes = codeTable<Priority>({ NORMAL: 0, LOW: 1, HIGH: 2 });
/** Numbers of what a push wakes. */
export const wakePolicyCodes = codeTable<WakePolicy>({ OFFLINE: 0, NEVER: 1, ALWAYS: 2 });
/** Numbers of channels. */
export const channelCodes = codeTable<Channel>({
  APNS: 1,
  FCM: 2,
  WEB_PUSH: 3,
  HMS: 4,
  MIPUSH: 5,
  OPPO: 6,
  VIVO: 7,
  WEBHOOK: 8,
  SMS_WEBHOOK: 20,
  SMS_TWILIO: 21,
  SMS_ALIYUN: 22,
  SMS_TENCENT: 23,
});
/** Numbers of the environments of vendors. */
export const environmentCodes = codeTable<ChannelEnvironment>({ PRODUCTION: 0, SANDBOX: 1 });
/** Numbers of the states of tokens. */
export const tokenStateCodes = codeTable<TokenState>({ active: 0, dead: 1, set_aside: 2 });
/** Numbers of the states of wakes. */
export const wakeStateCodes = codeTable<WakeState>({
  due: 0,
  sending: 1,
  accepted: 2,
  failed: 3,
  unknown: 4,
  cancelled: 5,
});
/** Numbers of who may register devices. */
export const registrationCodes = codeTable<RegistrationMode>({ OPEN: 0, BOTH: 1, SIGNED: 2 });
/** Numbers of the kinds of signing keys. */
export const signingKeyCodes = codeTable<SigningKeyKind>({ HS256: 1, ES256: 2, EDDSA: 3, RS256: 4, JWKS: 5 });
/** Numbers of scopes of keys. */
export const scopeCodes = codeTable<Scope>({ manage: 0, send: 1, read: 2 });
/** Numbers of kinds of actors. */
export const actorCodes = codeTable<Actor['kind']>({ app: 1, admin: 2 });
/** Numbers of whose quiet hours they are. */
export const quietScopeCodes = codeTable<QuietSubject['kind']>({ app: 0, user: 1, device: 2 });
/** Numbers of what webhooks tell of. */
export const webhookEventCodes = codeTable<WebhookEvents>({ receipts: 1, wakes: 2, both: 3 });
