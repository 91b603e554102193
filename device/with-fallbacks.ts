import { createDevice as createCoreDevice, type Device } from './device.js';
import { eventsTransport } from './events-transport.js';
import { fallbackTransport } from './fallback-transport.js';
import { host } from './host.js';
import type { DeviceOptions } from './options.js';
import { pollTransport } from './poll-transport.js';
import type { Transport } from './transport.js';
import { webSocketTransport } from './websocket-transport.js';

/** Returns the transport of this runtime: over WebSockets, else over Server-Sent Events, else by long poll. */
export function defaultTransport({
  WebSocket = host.WebSocket,
  fetch,
}: Pick<DeviceOptions, 'WebSocket' | 'fetch'>): Transport {
  const transports: Transport[] = [];
  if (WebSocket !== undefined) transports.push(webSocketTransport(WebSocket));
  if (host.ReadableStream !== undefined && host.TextDecoder !== undefined) transports.push(eventsTransport(fetch));
  transports.push(pollTransport(fetch));
  return fallbackTransport(transports);
}

/**
 * Returns a device that is idle. Where WebSockets do not get through it uses Server-Sent Events, or long poll, and
 * comes back to WebSockets by itself.
 *
 * @example
 * const device = createDevice({ url: 'https://push.example.com', appId: 'shop', alias: 'alice', platform: 'WEB' });
 * device.on('message', (message) => show(message.alert));
 * device.connect();
 */
export function createDevice(options: DeviceOptions): Device {
  return createCoreDevice({ ...options, transport: options.transport ?? defaultTransport(options) });
}
