import { isSmsChannel } from '../../domain/channel.js';
import type { Push } from '../../domain/push.js';
import type { WakeMessage, WakeTarget } from '../../domain/wake.js';
import type { DueWake } from '../../store/store.js';

/**
 * Returns what is sent to a vendor: always the id, and the content only where the app lets vendors see it. The full
 * message comes from the inbox.
 */
export function toWakeMessage(wake: DueWake, push: Push, hidesContent: boolean): WakeMessage {
  const { content } = push;
  const sms = isSmsChannel(wake.channel);
  const header = {
    id: String(push.id),
    appId: push.appId,
    kind: push.msgType === 'CMD' && !sms ? ('BACKGROUND' as const) : ('ALERT' as const),
    key: wake.push?.collapseKey ?? String(push.id),
    priority: wake.push?.priority ?? 'NORMAL',
    expiresAt: push.expiresAt,
  };
  // What a short message says was written for its vendor.
  if (sms) return { ...header, body: content.smsMessage };
  if (hidesContent) return { ...header, body: undefined };
  return { ...header, body: content.alert, sound: content.sound, badge: content.badge };
}

/** Returns where a wake goes; undefined: there is no such place any more. */
export function toTarget({ channel, token, device }: DueWake): WakeTarget | undefined {
  if (isSmsChannel(channel)) return device.mobile ? { token: device.mobile } : undefined;
  if (token === undefined) return undefined;
  return { token: token.token, environment: token.environment, bundle: token.bundle, keys: token.keys };
}
