/** The package `@one-push/client`. */

/** The time of a `Date`, as `sendAt` takes it. */
export { timestampFromDate as fromDate } from '@bufbuild/protobuf/wkt';
export { Channel, ChannelEnvironment } from '../gen/onepush/v1/channel_pb.js';
export { Platform } from '../gen/onepush/v1/device_pb.js';
export { InterruptionLevel, Priority, PushMsgType, WakePolicy } from '../gen/onepush/v1/push_pb.js';
export { GetPushResponse_State as PushState } from '../gen/onepush/v1/query_pb.js';
export { DeliveryState } from '../gen/onepush/v1/receipt_pb.js';
export { to } from './audience.js';
export { type CallOptions, createOnePushClient, type OnePushClient, type UnaryCalls } from './client.js';
export { CallError, type CodeName, type Violation } from './errors.js';
export type { ClientOptions, TlsOptions } from './options.js';
export type { Push } from './push.js';
export type { WatchOptions } from './receipts.js';
