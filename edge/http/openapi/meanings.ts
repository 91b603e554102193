import type { TObject } from '@sinclair/typebox';
import type { ConfirmBody, EventsQuery } from '../../events/events.js';
import type { Body as CreateAppFields } from '../apps.js';
import type { HistoryQuery } from '../history.js';
import type { Notification } from '../notification.js';
import type { Body as RegisterFields } from '../register.js';
import type { DeliveriesQuery, DevicesQuery } from '../reports/schemas.js';
import type { Body as SendFields } from '../send.js';
import type { VendorToken } from '../vendor-token.js';

/** A sentence for each field: one that is left out does not compile. */
type MeaningsOf<T extends TObject> = Readonly<Record<keyof T['properties'], string>>;

const PAGE = {
  pageSize: 'The most entries of the answer, 100 by default; it may have fewer',
  pageToken: 'The `nextPageToken` of the page before',
};

/** Meanings of the fields of a registration. */
export const REGISTER: MeaningsOf<typeof RegisterFields> = {
  alias: 'The user',
  appId: 'The app that the device belongs to',
  platform: 'What the device is',
  nativeToken: 'What identifies the installation: registering it again updates the device and keeps its id',
  mobile: "The user's phone number",
  tag: 'Groups that the device is in; they replace the earlier ones',
  push: 'The token by which a vendor wakes the device; absent: the earlier one stays',
};

/** Meanings of the fields of a vendor's token. */
export const VENDOR_TOKEN: MeaningsOf<typeof VendorToken> = {
  channel: 'The vendor',
  token: "The vendor's token, or the endpoint of a browser's subscription",
  environment: 'Which of the two environments of APNs made the token, PRODUCTION by default',
  bundle: "The app's bundle or package, where it is not the channel's own",
  keys: "The keys of a browser's subscription",
  subscription: 'In place of `token` and `keys`, for WEB_PUSH',
};

/** Meanings of the fields of a send. */
export const SEND: MeaningsOf<typeof SendFields> = {
  appId: 'The sending app',
  appKey: 'Its key',
  tenantCode: 'A label of the caller that devices see',
  platform: 'The one platform whose devices get it, ALL by default',
  pushMsgType: 'MSG, the default: to be shown. CMD: to be acted on',
  needConfirm: 'The message comes again until the device confirms it',
  duration: 'With `needConfirm`: how long the message waits, 259200 by default and at the most',
  audienceType: 'What `audiences` names: users, which is the default, tags or device ids',
  audiences: 'Who gets it',
  extra: 'Any JSON value; it reaches the device as it was written, to the digit',
  alert: 'The text',
  sound: 'Only IOS devices get it',
  badge: 'Only IOS devices get it',
  sender: 'Who sends; it is stored, not delivered',
  sendDeive: 'What sends; it is stored, not delivered',
  sendDevice: 'The same under its right spelling; it wins where both are there',
  smsMessage: 'A text for short messages',
  push: 'The look of the notification, and which devices vendors wake for it',
  sendAt: 'The push is made then, at most 7 days from now; a time that has passed means now',
  collapseKey: 'The push takes the place of what is still pending of earlier ones with this key',
  priority: 'Which pushes go first when many wait to be accepted, NORMAL by default',
  clearOnRead: "Once one device of a user has confirmed it, it is cleared on the user's other devices",
  dryRun: 'The push is only checked: nothing is stored or sent',
  'Idempotency-Key': 'The same key and the same push within 24 hours are sent once, and answered alike',
};

/** Meanings of the fields of a notification. */
export const NOTIFICATION: MeaningsOf<typeof Notification> = {
  wake: 'Which devices are woken. OFFLINE, the default: those that have not received the message',
  title: 'A line above the alert',
  image: 'A picture',
  clickTarget: 'An address, or a deep link of the app, that a tap opens',
  androidChannel: 'The notification channel of Android',
  category: 'The category of iOS: which buttons it has',
  thread: 'Notifications of one thread stand together',
  interruption: 'As iOS has them, ACTIVE by default; the last two break through quiet hours',
  overrides: 'What is merged over the message that a vendor is sent',
  wakesPerSecond: 'The most devices that are woken a second',
};

/** Meanings of the fields of a confirmation. */
export const CONFIRM: MeaningsOf<typeof ConfirmBody> = {
  ids: 'Confirms these messages',
  cursor: 'The device has received all up to here',
};

/** Meanings of the fields of an app. */
export const CREATE_APP: MeaningsOf<typeof CreateAppFields> = {
  name: 'A name for people; it need not be unique',
};

/** Meanings of the parameters of a device that receives. */
export const EVENTS: MeaningsOf<typeof EventsQuery> = {
  deviceId: 'The device id, for clients that cannot set headers',
  wait: 'Answers a list, after so many seconds at the most, in place of a stream',
};

/** Meanings of the parameters of a history. */
export const HISTORY: MeaningsOf<typeof HistoryQuery> = {
  before: 'Only messages with smaller ids: the `before` of the page before',
  limit: 'The most messages of the answer, 50 by default; it may have fewer',
  hours: 'The age that messages have at the most, 24 by default',
};

/** Meanings of the parameters of a list of deliveries. */
export const DELIVERIES: MeaningsOf<typeof DeliveriesQuery> = { state: 'Only those in this state', ...PAGE };

/** Meanings of the parameters of a list of devices. */
export const DEVICES: MeaningsOf<typeof DevicesQuery> = {
  alias: 'The user; exactly one of `alias` and `tag` is given',
  tag: 'The tag',
  ...PAGE,
};

/** Meanings of the parameters of a timeline. */
export const TIMELINE = PAGE;
