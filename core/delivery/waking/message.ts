import type { Every } from '../../../common/every.js';
import { hashSecret } from '../../../common/secrets.js';
import { isSmsChannel } from '../../domain/channel.js';
import type { Push } from '../../domain/push.js';
import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import type { DueWake } from '../../store/store.js';

/**
 * Returns what is sent to a vendor: always the id, and what the caller wrote only where the app lets vendors see it, in
 * short messages too. The full message comes from the inbox.
 */
export function toWakeMessage(wake: DueWake, push: Push, hidesContent: boolean): WakeMessage {
  const { content } = push;
  const sms = isSmsChannel(wake.channel);
  const header = {
    id: String(push.id),
    appId: push.appId,
    kind: push.msgType === 'CMD' && !sms ? ('BACKGROUND' as const) : ('ALERT' as const),
    key: keyOf(wake, push, hidesContent),
    priority: wake.push?.priority ?? 'NORMAL',
    expiresAt: push.expiresAt,
  };
  if (hidesContent) return { ...header, body: undefined };
  if (sms) return { ...header, body: content.smsMessage };
  const isForPeople = header.kind === 'ALERT';
  const message: Every<WakeMessage> = {
    ...header,
    title: content.title,
    body: content.alert,
    needConfirm: (push.needConfirm && isForPeople) || undefined,
    clearOnRead: (push.clearOnRead && isForPeople) || undefined,
    image: content.image,
    clickTarget: content.clickTarget,
    androidChannel: content.androidChannel,
    category: content.category,
    thread: content.thread,
    interruption: content.interruption,
    sound: content.sound,
    badge: content.badge,
    trace: undefined,
    override: overrideOf(content.wakeOverrides, wake.channel),
  };
  return message;
}

/** Returns the collapse key, where it may be seen: a key is a text of the caller's like any other. */
function keyOf({ push: due }: DueWake, { id, appId }: Push, hidesContent: boolean): string {
  if (due?.collapseKey === undefined) return String(id);
  return hidesContent ? hashSecret(`${appId}\n${due.collapseKey}`) : due.collapseKey;
}

/** Returns the object for a channel of the overrides, which were checked when the push came. */
function overrideOf(overrides: string | undefined, channel: string): WakeMessage['override'] {
  if (overrides === undefined) return undefined;
  const all: unknown = JSON.parse(overrides);
  const own: unknown = Object(all)[channel];
  // An object, as the check of the push has it.
  return typeof own === 'object' && own !== null ? (own as WakeMessage['override']) : undefined;
}

/** Returns where a wake goes; undefined: there is no such place any more. */
export function toTarget({ channel, token, device }: DueWake): WakeTarget | undefined {
  if (isSmsChannel(channel)) return device.mobile ? { token: device.mobile } : undefined;
  if (token === undefined) return undefined;
  return { token: token.token, environment: token.environment, bundle: token.bundle, keys: token.keys };
}
