import type { DescMethod } from '@bufbuild/protobuf';
import { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';
import type { Scope } from '../../domain/app.js';

/**
 * Callers that a method takes. `anyone`: its request holds a secret of its own, or nothing. `registrant`: so too, or a
 * registration token, or an app whose key may manage; its handler asks, since the app's rule says which. Else an app
 * whose key has the scope, the admin, or both. `audited`: it changes something, and the audit log has an entry of each
 * call; 'counted': one a minute of each key, with their number, since an app calls it day and night.
 */
export type Access =
  | 'anyone'
  | 'registrant'
  | { readonly scope: Scope; readonly admin?: true; readonly audited?: true | 'counted' }
  | { readonly scope?: undefined; readonly admin: true; readonly audited?: true };

/** One row for each method: a method without one does not compile. docs/contract.md has the same table. */
export const ACCESS: Readonly<Record<keyof typeof PushCore.method, Access>> = {
  registerDevice: 'registrant',
  unregisterDevice: 'anyone',
  rotateDeviceId: 'anyone',

  sendPush: { scope: 'send' },
  sendPushStream: { scope: 'send' },
  estimateAudience: { scope: 'send' },
  recallPush: { scope: 'send' },

  getPush: { scope: 'read' },
  listPushes: { scope: 'read' },
  listDeliveries: { scope: 'read' },
  deviceTimeline: { scope: 'read' },
  listDevices: { scope: 'read' },
  getPresence: { scope: 'read' },
  listQuietHours: { scope: 'read' },
  watchReceipts: { scope: 'read' },
  getUsage: { scope: 'read', admin: true },
  serverInfo: { scope: 'read', admin: true },

  updateDevice: { scope: 'manage', audited: true },
  deleteDevices: { scope: 'manage', admin: true, audited: true },
  setQuietHours: { scope: 'manage', audited: true },
  rotateAppKey: { scope: 'manage', admin: true, audited: true },
  createAppKey: { scope: 'manage', admin: true, audited: true },
  listAppKeys: { scope: 'manage', admin: true },
  revokeAppKey: { scope: 'manage', admin: true, audited: true },
  listAuditLog: { scope: 'manage', admin: true },

  addSigningKey: { scope: 'manage', admin: true, audited: true },
  listSigningKeys: { scope: 'manage', admin: true },
  removeSigningKey: { scope: 'manage', admin: true, audited: true },

  createWebhook: { scope: 'manage', admin: true, audited: true },
  listWebhooks: { scope: 'read', admin: true },
  updateWebhook: { scope: 'manage', admin: true, audited: true },
  deleteWebhook: { scope: 'manage', admin: true, audited: true },
  rotateWebhookSecret: { scope: 'manage', admin: true, audited: true },
  testWebhook: { scope: 'manage', admin: true },
  listDeadLetters: { scope: 'read', admin: true },
  replayWebhook: { scope: 'manage', admin: true, audited: true },

  createApp: { admin: true, audited: true },
  updateApp: { admin: true, audited: true },
  getApp: { admin: true },
  listApps: { admin: true },
  deleteApp: { admin: true, audited: true },
  undeleteApp: { admin: true, audited: true },
  disableApp: { admin: true, audited: true },
  enableApp: { admin: true, audited: true },
  setChannel: { admin: true, audited: true },
  listChannels: { admin: true },
  removeChannel: { admin: true, audited: true },
  testChannel: { admin: true },
  setAppWaking: { admin: true, audited: true },
  setAppLimits: { admin: true, audited: true },
  createAdminToken: { admin: true, audited: true },
  listAdminTokens: { admin: true },
  revokeAdminToken: { admin: true, audited: true },
};

/** Returns who may call a method. */
export function accessOf(method: DescMethod): Access {
  // The names of another service's methods are none of ours: health and reflection are for anyone.
  return method.parent.typeName === PushCore.typeName ? ACCESS[method.localName as keyof typeof ACCESS] : 'anyone';
}

/** Returns true if a method is called without credentials. */
export function isOpenToAnyone(method: DescMethod): boolean {
  const access = accessOf(method);
  return access === 'anyone' || access === 'registrant';
}
