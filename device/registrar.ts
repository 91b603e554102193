import { type AbortSignalLike, host } from './host.js';
import type { DeviceOptions, RegistrationChanges, ResolvedOptions } from './options.js';
import { call, RegistrationError } from './rest.js';
import type { SafeStorage } from './storage.js';

/** Registers the device, and knows its id. */
export interface Registrar {
  /** The device id; undefined: it is not registered as it should be, or that is not known yet. */
  readonly id: string | undefined;
  /** The user. */
  readonly alias: string;
  /** Registers, if the service has not what it should have. Rejects with a RegistrationError, or the app's error. */
  ensure(signal: AbortSignalLike): Promise<string>;
  /** Takes changes. Returns false if they change nothing. */
  change(changes: RegistrationChanges): boolean;
  /** The service does not know the id, or not any more. */
  forget(): Promise<void>;
  /** Unregisters, if the device is registered. Rejects with a RegistrationError. */
  unregister(): Promise<void>;
}

const DEVICE = 'device';
const NATIVE_TOKEN = 'token';

/** A registration, as it is stored. */
export interface Registered {
  /** The device id. */
  readonly id: string;
  /** The address of the service, a space, and the body that was sent. */
  readonly sent: string;
}

/** Returns a registrar that has not registered. */
export function createRegistrar(options: DeviceOptions, resolved: ResolvedOptions, storage: SafeStorage): Registrar {
  const { url, fetch } = resolved;
  const { alias, tags, mobile, push, appId, platform } = options;
  // What is undefined, JSON leaves out.
  let wanted = { alias, tags, mobile, push };
  let registered: Registered | undefined;
  /** The id that is stored is not known to the service. */
  let isRefused = false;
  /** The registration is what is wanted. */
  let isCurrent = false;

  async function buildBody(): Promise<string> {
    const nativeToken = options.nativeToken ?? (await keepNativeToken(storage));
    const { tags: tag, ...rest } = wanted;
    return JSON.stringify({ appId, platform, nativeToken, tag, ...rest });
  }

  async function send(body: string, signal: AbortSignalLike): Promise<string> {
    const authorization = await options.token?.();
    const { id } = await call(fetch, `${url}/msgpush/register`, body, { authorization, signal });
    if (typeof id !== 'string' || signal.aborted) throw new RegistrationError('No id', 0);
    return id;
  }

  return {
    get id() {
      return isCurrent ? registered?.id : undefined;
    },
    get alias() {
      return wanted.alias;
    },
    async ensure(signal) {
      const before = wanted;
      const body = await buildBody();
      const sent = `${url} ${body}`;
      registered = isRefused ? undefined : await findRegistered(storage);
      if (registered?.sent !== sent) {
        registered = { id: await send(body, signal), sent };
        await storage.set(DEVICE, JSON.stringify(registered));
        isRefused = false;
      }
      isCurrent = wanted === before;
      return registered.id;
    },
    change(changes) {
      const before = JSON.stringify(wanted);
      wanted = { ...wanted, ...changes };
      const isChanged = JSON.stringify(wanted) !== before;
      if (isChanged) isCurrent = false;
      return isChanged;
    },
    forget() {
      registered = undefined;
      isCurrent = false;
      isRefused = true;
      return storage.set(DEVICE, undefined);
    },
    async unregister() {
      const known = registered ?? (await findRegistered(storage));
      if (known !== undefined) {
        await call(fetch, `${url}/msgpush/unregister`, '{}', { authorization: known.id }).catch(
          (error: RegistrationError) => {
            // It is gone already.
            if (error.status !== 404) throw error;
          },
        );
      }
      await this.forget();
    },
  };
}

/** Reads the registration; undefined: there is none. */
export async function findRegistered(storage: SafeStorage): Promise<Registered | undefined> {
  try {
    const stored = JSON.parse((await storage.get(DEVICE)) ?? 'null');
    return typeof stored?.id === 'string' && typeof stored.sent === 'string' ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the random token of this installation. Whoever has it gets its messages, so it must not be guessed. */
async function keepNativeToken(storage: SafeStorage): Promise<string> {
  const kept = await storage.get(NATIVE_TOKEN);
  if (kept !== undefined) return kept;
  const bytes = host.crypto?.getRandomValues?.(new Uint8Array(16));
  if (bytes === undefined) {
    throw new RegistrationError('No crypto here: give the option nativeToken', 400);
  }
  const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  await storage.set(NATIVE_TOKEN, token);
  return token;
}
