import type { Every } from '../../common/every.js';
import type { App } from './app.js';
import type { Platform, PlatformFilter } from './device.js';
import type { InterruptionLevel, WakePolicy } from './wake.js';

/** Use of a message by the app on the device: it shows it, or acts on it. */
export type PushMsgType = 'MSG' | 'CMD';

/** The part of a push that devices get. Absent values are undefined. */
export interface PushContent {
  /** The text to show. */
  alert: string;
  /** JSON text, kept as it came: parsing it would damage long numbers. */
  extra?: string | undefined;
  /** A sound's name; only IOS devices get it. */
  sound?: string | undefined;
  /** A number on the app's icon; only IOS devices get it. */
  badge?: number | undefined;
  /** The sender, for reports; devices do not get it. */
  sender?: string | undefined;
  /** The sender's device, for reports; devices do not get it. */
  sendDevice?: string | undefined;
  /** The text of an SMS for who stays offline; devices do not get it. */
  smsMessage?: string | undefined;
  /** A line above the alert. */
  title?: string | undefined;
  /** Address of a picture, https. */
  image?: string | undefined;
  /** Address or deep link that a tap opens. */
  clickTarget?: string | undefined;
  /** The Android notification channel, for who is woken. */
  androidChannel?: string | undefined;
  /** The iOS category, for who is woken. */
  category?: string | undefined;
  /** The thread of a notification, for who is woken. */
  thread?: string | undefined;
  /** Undefined: ACTIVE. */
  interruption?: InterruptionLevel | undefined;
  /** JSON text of an object for each channel, by its name: merged over what is made for that vendor. */
  wakeOverrides?: string | undefined;
  /** Number of devices that are woken a second at the most; undefined: as many as the vendors take. */
  wakesPerSecond?: number | undefined;
}

/** The fields of a content, and whether each is text: what goes through all of them goes by this. */
export const CONTENT_FIELDS = {
  alert: 'string',
  extra: 'string',
  sound: 'string',
  badge: 'number',
  sender: 'string',
  sendDevice: 'string',
  smsMessage: 'string',
  title: 'string',
  image: 'string',
  clickTarget: 'string',
  androidChannel: 'string',
  category: 'string',
  thread: 'string',
  interruption: 'string',
  wakeOverrides: 'string',
  wakesPerSecond: 'number',
} as const satisfies TypeNames<PushContent>;

type TypeNames<T> = { [K in keyof Required<T>]: Required<T>[K] extends string ? 'string' : 'number' };
type TextOf<T> = { [K in keyof T]: T[K] extends 'string' ? K : never }[keyof T];

/** The fields that are text. */
export const CONTENT_TEXTS = Object.entries(CONTENT_FIELDS).flatMap(([name, type]) =>
  // An entry of the table above, whose type says which of its keys are text.
  type === 'string' ? [name as TextOf<typeof CONTENT_FIELDS>] : [],
);

/** Order in which pushes are committed when many wait. */
export type Priority = 'LOW' | 'NORMAL' | 'HIGH';

/** The part of a push that says how it is handled, and what every device sees of it. */
export interface PushHeader {
  /** Public id of the sending app. */
  appId: string;
  /** The app's number. */
  appNum: number;
  /** "" where the caller gave none. */
  tenantCode: string;
  /** Platform of the devices that get it. */
  platform: PlatformFilter;
  /** Use of the message by the app on the device. */
  msgType: PushMsgType;
  /** True: it waits until the device confirms it. */
  needConfirm: boolean;
  /** A newer push with the same key replaces what is still pending of this one; undefined: none does. */
  collapseKey?: string | undefined;
  /** Undefined: NORMAL. */
  priority?: Priority | undefined;
  /** Undefined: OFFLINE. */
  wake?: WakePolicy | undefined;
  /** True: once one device of a user confirms it, it ends on the others. Undefined: false. */
  clearOnRead?: boolean | undefined;
}

/** The part of a push's header that its caller chooses. */
export type PushOptions = Omit<PushHeader, 'appId' | 'appNum'>;

/** Makes a header of what a caller says, for the platform that is left of it. Hot: to spread is many times slower. */
export function toHeader(app: App, options: PushOptions, platform: PlatformFilter): PushHeader {
  const header: Every<PushHeader> = {
    appId: app.id,
    appNum: app.num,
    tenantCode: options.tenantCode,
    platform,
    msgType: options.msgType,
    needConfirm: options.needConfirm,
    collapseKey: options.collapseKey,
    priority: options.priority,
    wake: options.wake,
    clearOnRead: options.clearOnRead,
  };
  return header;
}

/** An accepted push. */
export interface Push extends PushHeader {
  /** Grows with time; also the message's id. */
  id: number;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** Time after which it reaches nobody any more, in milliseconds since the epoch. */
  expiresAt: number;
  /** The part that devices get. */
  content: PushContent;
}

/** Makes a push with this header. Hot, as `toHeader`. */
export function toPush(header: PushHeader, { id, createdAt, expiresAt, content }: Omit<Push, keyof PushHeader>): Push {
  const push: Every<Push> = {
    appId: header.appId,
    appNum: header.appNum,
    tenantCode: header.tenantCode,
    platform: header.platform,
    msgType: header.msgType,
    needConfirm: header.needConfirm,
    collapseKey: header.collapseKey,
    priority: header.priority,
    wake: header.wake,
    clearOnRead: header.clearOnRead,
    id,
    createdAt,
    expiresAt,
    content,
  };
  return push;
}

/**
 * The message as a device gets it: JSON, `extra` as the caller wrote it, absent values left out. Only IOS devices get
 * `sound` and `badge`.
 */
export function toFrame(push: Push, platform: Platform): string {
  const { content } = push;
  let json = `{"id":"${push.id}","appId":${JSON.stringify(push.appId)},"tenantCode":${JSON.stringify(push.tenantCode)}`;
  json += `,"alert":${JSON.stringify(content.alert)}`;
  if (content.extra !== undefined) json += `,"extra":${content.extra}`;
  json += `,"pushMsgType":"${push.msgType}","needConfirm":${push.needConfirm}`;
  if (push.clearOnRead) json += ',"clearOnRead":true';
  if (content.title !== undefined) json += `,"title":${JSON.stringify(content.title)}`;
  if (content.image !== undefined) json += `,"image":${JSON.stringify(content.image)}`;
  if (content.clickTarget !== undefined) json += `,"clickTarget":${JSON.stringify(content.clickTarget)}`;
  if (platform === 'IOS') {
    if (content.sound !== undefined) json += `,"sound":${JSON.stringify(content.sound)}`;
    if (content.badge !== undefined) json += `,"badge":${content.badge}`;
  }
  return `${json}}`;
}

/** Returns true if IOS devices get another frame than the rest. */
export function hasIosFrame(content: PushContent): boolean {
  return content.sound !== undefined || content.badge !== undefined;
}
