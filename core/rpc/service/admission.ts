import type { DescMethod } from '@bufbuild/protobuf';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import type { Registry } from '../../registry/registry.js';
import { authenticate, type Credentials, requireAdmin } from './auth.js';

/** The callers that a method takes. `anyone`: its request holds a secret of its own, or nothing. */
type Caller = 'anyone' | 'app' | 'admin' | 'app or admin';

const CALLERS: Record<keyof typeof PushCore.method, Caller> = {
  registerDevice: 'anyone',
  unregisterDevice: 'anyone',
  sendPush: 'app',
  sendPushStream: 'app',
  estimateAudience: 'app',
  recallPush: 'app',
  getPush: 'app',
  listDeliveries: 'app',
  deviceTimeline: 'app',
  listDevices: 'app',
  getPresence: 'app',
  setQuietHours: 'app',
  listQuietHours: 'app',
  watchReceipts: 'app',
  updateDevice: 'app',
  createApp: 'admin',
  getApp: 'admin',
  rotateAppKey: 'app or admin',
  disableApp: 'admin',
  enableApp: 'admin',
  setChannel: 'admin',
  listChannels: 'admin',
  removeChannel: 'admin',
  testChannel: 'admin',
  setAppWaking: 'admin',
};

/**
 * Lets a call in by its headers alone, before anything of its message is read: what a stranger sends costs a look at
 * the cache, whatever its size. Handlers ask again, since they serve edges too and a key may end while a stream is
 * open.
 *
 * @throws OnePushError UNKNOWN_APP, WRONG_APP_KEY, APP_DISABLED or WRONG_ADMIN_TOKEN
 */
export type Admit = (method: DescMethod, credentials: Credentials) => Promise<void>;

/** @param adminToken undefined: nobody is admin */
export function createAdmit(registry: Pick<Registry, 'authenticate'>, adminToken: string | undefined): Admit {
  return async (method, credentials) => {
    const caller = callerOf(method);
    if (caller === 'app' || (caller === 'app or admin' && credentials.kind === 'app')) {
      await authenticate(registry, credentials);
    } else if (caller !== 'anyone') {
      requireAdmin(credentials, adminToken);
    }
  };
}

/** Returns true if a method is called without credentials. */
export function isOpenToAnyone(method: DescMethod): boolean {
  return callerOf(method) === 'anyone';
}

function callerOf(method: DescMethod): Caller {
  // The names of another service's methods are none of ours: health and reflection are for anyone.
  return method.parent.typeName === PushCore.typeName ? CALLERS[method.localName as keyof typeof CALLERS] : 'anyone';
}
