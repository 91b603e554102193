/**
 * The package without its transports over HTTP, for whoever counts bytes and knows that WebSockets get through: as the
 * main entry otherwise. `transport` takes others.
 */
export type { Backoff } from './backoff.js';
export type { ClosedReason } from './close-codes.js';
export type { ConnectionState } from './connection.js';
export { createDevice, type Device, type DeviceEvents } from './device.js';
export type { HeartbeatTimes } from './heartbeat.js';
export { type HistoryMessage, type HistoryOptions, readHistory } from './history.js';
export type { AbortSignalLike, Fetch, FetchResponse, WebSocketConstructor, WebSocketLike } from './host.js';
export { indexedDbStorage } from './indexed-db-storage.js';
export type { Message, MessageContent } from './message.js';
export { messagesOf } from './message-iterator.js';
export type { DeviceOptions, Platform, RegistrationChanges, VendorToken } from './options.js';
export { RegistrationError } from './rest.js';
export type { DeviceState, PauseCause } from './state.js';
export { type DeviceStorage, memoryStorage } from './storage.js';
export type { Transport, TransportEvents, TransportLink, TransportTarget } from './transport.js';
export { webSocketTransport } from './websocket-transport.js';
