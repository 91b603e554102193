import type { WhyValues } from './facts.js';

/** Outcomes for whoever waits for a message: it arrived, it still may, it does not any more, or nothing was sent. */
export type WhyLevel = 'arrived' | 'waits' | 'lost' | 'nothing';

interface Sentence {
  readonly level: WhyLevel;
  says(values: WhyValues): string;
  /** Next step; empty: there is none. */
  readonly next: string;
}

const at = ({ time }: WhyValues): string => (time === undefined ? '' : ` at ${new Date(time).toISOString()}`);
const by = ({ channel = 'its vendor' }: WhyValues): string => channel;
const woken = (values: WhyValues): string => {
  if (values.channel === undefined) return '';
  if (values.isNotified) return ` ${by(values)} had taken a notification for it.`;
  return ` ${by(values)} had not taken a notification for it${word(values)}.`;
};
const word = ({ reason }: WhyValues): string => (reason ? ` (${reason})` : '');

/** Reasons for which a message is where it is, each with a sentence and the next step. */
export const SENTENCES = {
  NO_DEVICE: {
    level: 'nothing',
    says: () =>
      'This user has no registered device: none ever was, or each has unregistered, or belongs to another user now.',
    next: 'Have the app register one with this alias, and with the id of this app. Aliases are compared letter by letter.',
  },
  NO_PUSH: {
    level: 'nothing',
    says: () =>
      'No push that is still kept was for it. Those to a tag, or to everyone, are listed only until they expire.',
    next: '`onepush why USER --push ID` says of a push why it was not. A device gets what was sent to a tag, or to everyone, after it had the tag or was registered.',
  },
  SCHEDULED: {
    level: 'waits',
    says: (values) => `The push is not made yet: it is due${at(values)}.`,
    next: 'Its audience is looked for then. Recall it to cancel it.',
  },
  BEING_SENT: {
    level: 'waits',
    says: () => 'The push is being made, part by part, and has not come to this device; it may not be for it.',
    next: 'Look again in some seconds: `onepush push` says when it is SENT.',
  },
  PUSH_FAILED: {
    level: 'lost',
    says: (values) => `The push failed before it was made for this device${word(values)}.`,
    next: 'Send it again when the cause is gone, or to a smaller audience.',
  },
  OTHER_PLATFORM: {
    level: 'nothing',
    says: ({ platform = 'another platform' }) => `The push goes to ${platform} only, and the device is of another.`,
    next: 'Send without a platform, or with that of the device.',
  },
  REGISTERED_LATER: {
    level: 'nothing',
    says: (values) =>
      `The push was not for it: the device was registered, or registered again${at(values)}, after the push.`,
    next: 'A push goes to the devices that are registered, and have the tag, when it is accepted. Send it again.',
  },
  TOPIC_OVER: {
    level: 'lost',
    says: () =>
      'The push went to a tag, or to everyone, and its time is over: what became of it on each device is not kept.',
    next: 'Had the device not connected in that time, it has not got it: give it more (ttlSeconds, or ONEPUSH_OFFLINE_TTL).',
  },
  NOT_FOR_IT: {
    level: 'nothing',
    says: () => 'The push was not for this device: it was not in the audience when the push was accepted.',
    next: 'Compare alias, tags and device id with what was sent, letter by letter; a tag counts from when the device has it. `onepush send --dry-run` counts an audience.',
  },
  DELIVERED: {
    level: 'arrived',
    says: (values) => `The device's connection took it${at(values)}.`,
    next: 'If it was not seen, look at the app: does it show messages while it is open, and did it drop this id as a repeat? With needConfirm you know that the app had it.',
  },
  CONFIRMED: { level: 'arrived', says: (values) => `The app confirmed it${at(values)}.`, next: '' },
  EXPIRED: {
    level: 'lost',
    says: (values) =>
      `It waited as long as it might, and the device did not connect. It ended${at(values)}.${woken(values)}`,
    next: 'Give it more time (ttlSeconds, or ONEPUSH_OFFLINE_TTL). To wake the device, see docs/channels.md.',
  },
  EXPIRED_UNCONFIRMED: {
    level: 'lost',
    says: (values) =>
      `It waited as long as it might: the device did not connect, or connected and did not confirm it. It ended${at(values)}.${woken(values)}`,
    next: 'Give it more time (duration, or ttlSeconds), and see that the app sends CFM:<id> for each message with needConfirm.',
  },
  EVICTED: {
    level: 'lost',
    says: (values) => `Too many messages waited for the device, and this was the oldest${at(values)}.`,
    next: 'Raise ONEPUSH_INBOX_LIMIT, or let newer messages replace older ones with a collapse key.',
  },
  DISCARDED: {
    level: 'lost',
    says: (values) => `The device unregistered, or changed hands to another user${at(values)}.`,
    next: 'It is no device of this user any more. Send to the alias, not to the device.',
  },
  RECALLED: { level: 'lost', says: (values) => `The push was recalled${at(values)}.`, next: 'Send it again.' },
  REPLACED: {
    level: 'lost',
    says: (values) => `A newer push with the same collapse key took its place${at(values)}.`,
    next: 'Look at that one. Without a collapse key, or with another, both arrive.',
  },
  CLEARED: {
    level: 'arrived',
    says: (values) => `The user read it on another device, which cleared it here${at(values)}.`,
    next: 'Without clearOnRead each device keeps it.',
  },
  UNCONFIRMED: {
    level: 'waits',
    says: () => 'The device is online and has not confirmed it. It gets it again and again until it does.',
    next: 'The app must send CFM:<id> for each message with needConfirm, also for one that it has seen before.',
  },
  ON_ITS_WAY: {
    level: 'waits',
    says: () => 'The device is online, and has not acknowledged it yet: its line is slow, or it was sent just now.',
    next: 'Look again in some seconds. A device that does not answer pings is disconnected, and counts as offline.',
  },
  NO_TOKEN: {
    level: 'waits',
    says: () => 'The device is offline, and has no token of a vendor by which it could be woken.',
    next: 'It arrives when the app connects. To wake it, register the device with `push` (docs/channels.md).',
  },
  TOKEN_DEAD: {
    level: 'waits',
    says: (values) =>
      `The device is offline, and ${by(values)} says that its token reaches no device any more${word(values)}.`,
    next: 'The app was removed, or has a newer token: it must register again with that.',
  },
  TOKEN_SET_ASIDE: {
    level: 'waits',
    says: (values) => `The device is offline, and ${by(values)} refuses its token${word(values)}.`,
    next: "Compare environment (sandbox or production) and bundle of the credential with the app's, then let it register again.",
  },
  QUIET_HOURS: {
    level: 'waits',
    says: () => 'The device is offline, and is woken when the quiet hours are over.',
    next: 'An interruption level of TIME_SENSITIVE breaks through them; SetQuietHours changes them.',
  },
  NO_CREDENTIAL: {
    level: 'waits',
    says: (values) => `The device is offline, and the app has no credential for ${by(values)}.`,
    next: 'Give it one: `onepush channels set`.',
  },
  WAKE_PACED: {
    level: 'waits',
    says: (values) => `The device is offline; ${by(values)} takes no more for it now, so its waking waits its turn.`,
    next: 'Look again in some minutes.',
  },
  WAKE_RETRIED: {
    level: 'waits',
    says: (values) =>
      `The device is offline; ${by(values)} could not be reached, was not ready or refused the credential${word(values)}, and is tried again.`,
    next: 'See how the credential stands: `onepush channels list`, and `onepush channels test`.',
  },
  WAKE_SOON: {
    level: 'waits',
    says: (values) => `The device is offline, and is being woken through ${by(values)}.`,
    next: 'Look again in some seconds.',
  },
  WAKE_ACCEPTED: {
    level: 'waits',
    says: (values) =>
      `The device is offline; ${by(values)} took its notification${at(values)}, and the app has not connected since.`,
    next: 'The user may have it on the screen. If not: does the phone let the app notify, has it a network, does it save power?',
  },
  WAKE_FAILED: {
    level: 'waits',
    says: (values) => `The device is offline, and ${by(values)} did not take its notification${word(values)}.`,
    next: 'docs/channels.md tells what the vendor means; `onepush channels test` tries the credential. It arrives when the app connects.',
  },
  SMS_LIMIT: {
    level: 'waits',
    says: () => 'The device is offline, and no more short messages are sent to this number, or by this app, for now.',
    next: 'ONEPUSH_SMS_PER_NUMBER and ONEPUSH_SMS_PER_APP are the limits.',
  },
  WAKE_UNKNOWN: {
    level: 'waits',
    says: (values) => `The device is offline; ${by(values)} was asked to wake it, and did not answer${word(values)}.`,
    next: 'It is not repeated, so that nobody is woken twice. The message arrives when the app connects.',
  },
  OFFLINE: {
    level: 'waits',
    says: () => 'The device is offline, and was not woken for it yet.',
    next: 'It is woken some seconds after the push, unless the push says NEVER. It arrives when the app connects.',
  },
  NOT_WOKEN: {
    level: 'waits',
    says: (values) =>
      `The device is offline, and was not woken for it: the app has no credential for ${by(values)}, or the push asks for no waking.`,
    next: 'See `onepush channels list`, and `wake` of the push. It arrives when the app connects.',
  },
  WAKE_DROPPED: {
    level: 'waits',
    says: (values) =>
      `The device is offline. Waking it through ${by(values)} was given up, since it was not needed then${word(values)}.`,
    next: 'The device was connected for a while, or has another token now. The message arrives when the app connects.',
  },
  PENDING: {
    level: 'waits',
    says: () => 'It waits for the device to connect, or to confirm.',
    next: 'Ask for the user (`onepush why ALIAS`) to see whether the device is online.',
  },
  UNKNOWN: {
    level: 'nothing',
    says: () => 'Its state is none that this release knows.',
    next: 'Upgrade this command.',
  },
} as const satisfies Record<string, Sentence>;

/** One of the reasons. */
export type WhyCode = keyof typeof SENTENCES;
