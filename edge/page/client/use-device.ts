import { useEffect, useRef, useState } from 'preact/hooks';
import {
  createDevice,
  type Device,
  type DeviceState,
  indexedDbStorage,
  type Message,
  RegistrationError,
} from '../../../device/index.js';
import { type Fields, recallFields, rememberConnected, wasConnected } from './memory.js';
import { createNotifications, type NotificationState, type Subscribed } from './notifications.js';
import { listOf } from './send-push.js';

/** A message that has arrived. */
export interface Arrival {
  readonly message: Message;
  readonly at: Date;
  readonly isConfirmed: boolean;
  /** The user has read it on another device. */
  readonly isReadElsewhere: boolean;
}

/** Most that are shown. */
const MAX_ARRIVALS = 200;

/** The device that this browser is, and what it has got. */
export interface ThisDevice {
  readonly state: DeviceState;
  /** The device id; undefined: it is not registered. */
  readonly id: string | undefined;
  /** The failure since the last change of its state, in the service's words; undefined: none, or no answer. */
  readonly refusal: string | undefined;
  readonly isUnreachable: boolean;
  readonly notifications: NotificationState;
  readonly arrivals: readonly Arrival[];
  connect(): void;
  disconnect(): void;
  /** Unregisters. */
  forget(): void;
  /** Asks for notifications, and registers with them. */
  notify(): void;
  confirm(arrival: Arrival): void;
  clear(): void;
}

const IDLE: DeviceState = { name: 'idle' };

function describe(error: unknown): string | undefined {
  if (!(error instanceof RegistrationError) || error.status === 0) return undefined;
  return error.code === 0 ? error.message : `${error.message} (${error.code})`;
}

/** Returns this browser's device, which follows the fields when it is connected. */
export function useDevice(fields: Fields): ThisDevice {
  const [state, setState] = useState<DeviceState>(IDLE);
  const [failure, setFailure] = useState<unknown>();
  const [arrivals, setArrivals] = useState<readonly Arrival[]>([]);
  const [{ state: notificationState, push }, setSubscribed] = useState<Subscribed>({ state: 'off', push: undefined });
  const device = useRef<Device | undefined>(undefined);
  const tidying = useRef<(() => void) | undefined>(undefined);
  const [notifications] = useState(createNotifications);
  const latest = useRef(fields);
  latest.current = fields;

  function connect(subscribed: Subscribed = { state: notificationState, push }): void {
    const { appId, alias, platform, tags, mobile, registrationToken } = latest.current;
    const own = createDevice({
      url: location.origin,
      appId: appId.trim(),
      alias: alias.trim(),
      platform,
      ...(listOf(tags).length > 0 && { tags: listOf(tags) }),
      ...(mobile !== '' && { mobile }),
      ...(registrationToken.trim() !== '' && { token: async () => registrationToken.trim() }),
      ...(subscribed.push !== undefined && { push: subscribed.push }),
      storage: indexedDbStorage(),
      confirm: 'manual',
    });
    own.on('state', (next) => {
      if (device.current !== own) return;
      setState(next);
      if (next.name === 'open' || next.name === 'following') setFailure(undefined);
      // Not where another tab has taken its place: that one is connected.
      if (next.name === 'closed' && next.reason !== 'closed' && next.reason !== 'replaced') rememberConnected(false);
    });
    own.on('error', (error) => {
      if (device.current === own) setFailure(error);
    });
    own.on('message', (message) => {
      if (device.current !== own) return;
      const isConfirmed = message.needConfirm && latest.current.autoConfirm;
      if (isConfirmed) void message.confirm();
      setArrivals((before) =>
        [{ message, at: new Date(), isConfirmed, isReadElsewhere: false }, ...before].slice(0, MAX_ARRIVALS),
      );
    });
    own.on('cleared', ({ id }) => {
      setArrivals((before) => before.map((one) => (one.message.id === id ? { ...one, isReadElsewhere: true } : one)));
    });
    tidying.current?.();
    tidying.current = notifications.tidy(appId.trim());
    void device.current?.close();
    device.current = own;
    setFailure(undefined);
    rememberConnected(true);
    own.connect();
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, at the start
  useEffect(() => {
    void notifications.resume().then((subscribed) => {
      setSubscribed(subscribed);
      if (wasConnected() && recallFields(fields).alias !== '' && device.current === undefined) connect(subscribed);
    });
  }, []);

  return {
    state,
    id: device.current?.id,
    refusal: describe(failure),
    isUnreachable: failure instanceof RegistrationError && failure.status === 0,
    notifications: notificationState,
    arrivals,
    connect: () => connect(),
    disconnect() {
      rememberConnected(false);
      void device.current?.close();
    },
    forget() {
      rememberConnected(false);
      device.current?.unregister().catch(setFailure);
    },
    notify() {
      void notifications.turnOn().then((subscribed) => {
        setSubscribed(subscribed);
        if (subscribed.push !== undefined && device.current !== undefined) connect(subscribed);
      });
    },
    confirm(arrival) {
      void arrival.message.confirm();
      setArrivals((before) => before.map((one) => (one === arrival ? { ...one, isConfirmed: true } : one)));
    },
    clear: () => setArrivals([]),
  };
}
