import type { PushCore } from '../../../gen/onepush/v1/push_core_pb.js';

/** A method of PushCore, by its name in the stubs. */
export type Method = keyof typeof PushCore.method;
/** Callers that a method is for. */
export type Rule = 'anyone' | 'send' | 'read' | 'manage' | 'admin' | 'read or admin' | 'manage or admin';

/** Who may call what, written down here once more: a method that is not here fails the test. */
export const RULES: Record<Method, Rule> = {
  registerDevice: 'anyone',
  unregisterDevice: 'anyone',
  rotateDeviceId: 'anyone',
  sendPush: 'send',
  sendPushStream: 'send',
  estimateAudience: 'send',
  recallPush: 'send',
  getPush: 'read',
  listPushes: 'read',
  listDeliveries: 'read',
  deviceTimeline: 'read',
  listDevices: 'read',
  getPresence: 'read',
  listQuietHours: 'read',
  watchReceipts: 'read',
  updateDevice: 'manage',
  setQuietHours: 'manage',
  getUsage: 'read or admin',
  serverInfo: 'read or admin',
  deleteDevices: 'manage or admin',
  rotateAppKey: 'manage or admin',
  createAppKey: 'manage or admin',
  listAppKeys: 'manage or admin',
  revokeAppKey: 'manage or admin',
  listAuditLog: 'manage or admin',
  addSigningKey: 'manage or admin',
  listSigningKeys: 'manage or admin',
  removeSigningKey: 'manage or admin',
  createWebhook: 'manage or admin',
  listWebhooks: 'read or admin',
  updateWebhook: 'manage or admin',
  deleteWebhook: 'manage or admin',
  rotateWebhookSecret: 'manage or admin',
  testWebhook: 'manage or admin',
  listDeadLetters: 'read or admin',
  replayWebhook: 'manage or admin',
  createApp: 'admin',
  updateApp: 'admin',
  getApp: 'admin',
  listApps: 'admin',
  deleteApp: 'admin',
  undeleteApp: 'admin',
  disableApp: 'admin',
  enableApp: 'admin',
  setChannel: 'admin',
  listChannels: 'admin',
  removeChannel: 'admin',
  testChannel: 'admin',
  setAppWaking: 'admin',
  setAppLimits: 'admin',
  createAdminToken: 'admin',
  listAdminTokens: 'admin',
  revokeAdminToken: 'admin',
};

/** How another app's key is answered that is right for the method, where it names something of this app. */
export const OF_ANOTHER_APP: Partial<Record<Method, string>> = {
  recallPush: 'UNKNOWN_PUSH',
  getPush: 'UNKNOWN_PUSH',
  listDeliveries: 'UNKNOWN_PUSH',
  deviceTimeline: 'UNKNOWN_DEVICE',
  updateDevice: 'UNKNOWN_DEVICE',
  setQuietHours: 'UNKNOWN_DEVICE',
  rotateAppKey: 'WRONG_APP_KEY',
  createAppKey: 'WRONG_APP_KEY',
  listAppKeys: 'WRONG_APP_KEY',
  revokeAppKey: 'WRONG_APP_KEY',
  listAuditLog: 'WRONG_APP_KEY',
  addSigningKey: 'WRONG_APP_KEY',
  listSigningKeys: 'WRONG_APP_KEY',
  removeSigningKey: 'WRONG_APP_KEY',
  createWebhook: 'WRONG_APP_KEY',
  listWebhooks: 'WRONG_APP_KEY',
  updateWebhook: 'WRONG_APP_KEY',
  deleteWebhook: 'WRONG_APP_KEY',
  rotateWebhookSecret: 'WRONG_APP_KEY',
  testWebhook: 'WRONG_APP_KEY',
  listDeadLetters: 'WRONG_APP_KEY',
  replayWebhook: 'WRONG_APP_KEY',
  deleteDevices: 'WRONG_APP_KEY',
  getUsage: 'WRONG_APP_KEY',
};

/** Who calls: nobody, keys by their scope or their fate, and admins. */
export const CALLERS = [
  'none',
  'send',
  'read',
  'manage',
  'other',
  'disabled',
  'revoked',
  'expired',
  'admin',
  'named admin',
  'revoked admin',
] as const;
/** One of them. */
export type Caller = (typeof CALLERS)[number];
/** Those whom a method for admins lets in. */
export const ADMINS: readonly Caller[] = ['admin', 'named admin'];
/** Reasons that mean: it is not let in. */
export const REFUSALS = ['WRONG_APP_KEY', 'WRONG_ADMIN_TOKEN', 'WRONG_SCOPE', 'APP_DISABLED', 'UNKNOWN_APP'];

/** The reason for which a caller is refused by such a method; undefined: it is let in. */
export function refusalOf(rule: Rule, caller: Caller): string | undefined {
  if (rule === 'anyone') return undefined;
  const takesAdmin = rule.endsWith('admin');
  if (ADMINS.includes(caller)) return takesAdmin ? undefined : 'WRONG_APP_KEY';
  if (rule === 'admin') return 'WRONG_ADMIN_TOKEN';
  if (caller === 'none' || caller === 'revoked admin') return takesAdmin ? 'WRONG_ADMIN_TOKEN' : 'WRONG_APP_KEY';
  if (caller === 'disabled') return 'APP_DISABLED';
  if (caller === 'revoked' || caller === 'expired') return 'WRONG_APP_KEY';
  const isEnough = caller === 'manage' || caller === 'other' || rule.split(' or ').includes(caller);
  return isEnough ? undefined : 'WRONG_SCOPE';
}
