/** The client package: `import { createOnePushClient, to } from 'one-push/client'`. */

export { Platform } from '../gen/onepush/v1/device_pb.js';
export { Priority, PushMsgType } from '../gen/onepush/v1/push_pb.js';
export { DeliveryState } from '../gen/onepush/v1/receipt_pb.js';
export { to } from './audience.js';
export { type CallOptions, createOnePushClient, type OnePushClient, type Push, type UnaryCalls } from './client.js';
export { CallError, type CodeName, type Violation } from './errors.js';
export type { ClientOptions } from './options.js';
export type { WatchOptions } from './receipts.js';
