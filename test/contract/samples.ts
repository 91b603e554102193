import type { App } from '../../core/domain/app.js';
import type { Push } from '../../core/domain/push.js';
import type { DeliveryBatch, NewPush, NewRegistration, Registered, Store } from '../../core/store/store.js';
import { must } from './each-store.js';

/** The time of all that these samples commit. */
export const NOW = 1_800_000_000_000;

let last = 0;

/** A number that no other sample of this process has. */
export function nextNumber(): number {
  return ++last;
}

/** A push id: beyond 32 bits, and greater than those before. */
export function nextPushId(): number {
  return 2 ** 52 + nextNumber();
}

/** Creates an app of its own for a test. */
export async function newApp(store: Store): Promise<App> {
  const id = `app-${nextNumber()}`;
  await store.commitApps([{ id, name: `Name of ${id}`, keyHash: `hash of ${id}`, now: NOW }]);
  return must((await store.findApps([id]))[0]);
}

/** A registration of a new device; say what matters. */
export function registration(app: App, given: Partial<NewRegistration> = {}): NewRegistration {
  const number = nextNumber();
  return {
    appId: app.id,
    appNum: app.num,
    alias: `alias-${number}`,
    platform: 'ANDROID',
    nativeToken: `token-${number}`,
    mobile: null,
    tags: [],
    newId: number.toString(16).padStart(32, '0'),
    sinceId: 0,
    now: NOW,
    ...given,
  };
}

/** Registers one device. */
export async function register(store: Store, given: NewRegistration): Promise<Registered> {
  return must((await registerAll(store, [given]))[0]);
}

/** Registers devices in one call that refuses none. */
export async function registerAll(store: Store, given: readonly NewRegistration[]): Promise<Registered[]> {
  return (await store.commitRegistrations(given)).map((result) => {
    if (typeof result === 'string') throw new Error(`a registration was refused: ${result}`);
    return result;
  });
}

/** Registers new devices, all at once. */
export async function newDevices(
  store: Store,
  app: App,
  count: number,
  given: Partial<NewRegistration> = {},
): Promise<Registered[]> {
  return registerAll(
    store,
    Array.from({ length: count }, () => registration(app, given)),
  );
}

/** A push; say what matters. */
export function push(app: App, given: Partial<Push> = {}): Push {
  return {
    id: nextPushId(),
    appId: app.id,
    appNum: app.num,
    tenantCode: '',
    platform: 'ALL',
    msgType: 'MSG',
    needConfirm: false,
    createdAt: NOW,
    expiresAt: NOW + 1000,
    content: { alert: 'hello' },
    ...given,
  };
}

/** A push to devices, with the numbers of its deliveries in their order. */
export function directed(
  app: App,
  deviceNums: readonly number[],
  given: Partial<Push> = {},
): { made: NewPush; id: number; deliveries: number[] } {
  const made = push(app, given);
  const deliveries = deviceNums.map((deviceNum) => ({ id: nextPushId(), deviceNum }));
  return {
    made: { push: made, target: { kind: 'directed', deliveries } },
    id: made.id,
    deliveries: deliveries.map(({ id }) => id),
  };
}

/** A push to topics. */
export function topical(
  app: App,
  topicNums: readonly number[],
  given: Partial<Push> = {},
): { made: NewPush; id: number } {
  const made = push(app, given);
  return { made: { push: made, target: { kind: 'topics', topicNums } }, id: made.id };
}

/** A batch of what is said, and nothing else. */
export function batch(given: Partial<DeliveryBatch>): DeliveryBatch {
  return {
    pushes: [],
    delivered: [],
    lateDelivered: [],
    confirmed: [],
    cursors: [],
    published: [],
    now: NOW,
    ...given,
  };
}
