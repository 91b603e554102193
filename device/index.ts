/**
 * Receives pushes of a ONE-PUSH service as a device: in browsers, in Node.js 20 or newer, in workers and in React
 * Native. `createDevice` is where to begin.
 */
export type { Backoff } from './backoff.js';
export type { ClosedReason } from './close-codes.js';
export type { ConnectionState } from './connection.js';
export type { Device, DeviceEvents } from './device.js';
export { eventsTransport } from './events-transport.js';
export { fallbackTransport } from './fallback-transport.js';
export type { HeartbeatTimes } from './heartbeat.js';
export { type HistoryMessage, type HistoryOptions, readHistory } from './history.js';
export type { AbortSignalLike, Fetch, FetchResponse, WebSocketConstructor, WebSocketLike } from './host.js';
export { indexedDbStorage } from './indexed-db-storage.js';
export type { Message, MessageContent } from './message.js';
export { messagesOf } from './message-iterator.js';
export type { DeviceOptions, Platform, RegistrationChanges, VendorToken } from './options.js';
export { pollTransport } from './poll-transport.js';
export { RegistrationError } from './rest.js';
export type { DeviceState, PauseCause } from './state.js';
export { type DeviceStorage, memoryStorage } from './storage.js';
export type { Transport, TransportEvents, TransportLink, TransportTarget } from './transport.js';
export { webSocketTransport } from './websocket-transport.js';
export { createDevice } from './with-fallbacks.js';
