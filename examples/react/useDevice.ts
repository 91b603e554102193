import { createDevice, type DeviceOptions, type DeviceState, type Message } from '@one-push/device';
import { useEffect, useRef, useState } from 'react';

/** Most messages that are kept for showing. */
const MOST_SHOWN = 100;

/**
 * Connects a device for as long as the component is there, and returns its state and the messages, the newest first.
 * Another url, app or user is another device; other options count from the next one on.
 */
export function useDevice(options: DeviceOptions): { state: DeviceState; messages: readonly Message[] } {
  const [state, setState] = useState<DeviceState>({ name: 'idle' });
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const latest = useRef(options);
  latest.current = options;
  const { url, appId, alias } = options;

  useEffect(() => {
    const device = createDevice({ ...latest.current, url, appId, alias });
    device.on('state', setState);
    device.on('message', (message) => setMessages((shown) => [message, ...shown].slice(0, MOST_SHOWN)));
    device.on('error', (error) => console.error(error));
    device.connect();
    return () => {
      setMessages([]);
      void device.close();
    };
  }, [url, appId, alias]);

  return { state, messages };
}
