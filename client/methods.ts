import type { PushCore } from '../gen/onepush/v1/push_core_pb.js';

type Methods = (typeof PushCore)['method'];

/** Names of the methods with one answer. */
export type UnaryName = { [K in keyof Methods]: Methods[K]['methodKind'] extends 'unary' ? K : never }[keyof Methods];

/** Methods of which two calls are not the same as one. */
export const NOT_REPEATABLE: ReadonlySet<string> = new Set<UnaryName>([
  'createApp',
  'rotateAppKey',
  'addSigningKey',
  'removeSigningKey',
  'removeChannel',
  'createAppKey',
  'revokeAppKey',
  'createWebhook',
  'deleteWebhook',
  'rotateWebhookSecret',
  'testWebhook',
  'replayWebhook',
  'createAdminToken',
  'revokeAdminToken',
]);
/** Methods that take the admin token alone: a client that is an app, too, shows them that. */
export const FOR_ADMINS: ReadonlySet<string> = new Set<UnaryName>([
  'createApp',
  'updateApp',
  'getApp',
  'listApps',
  'deleteApp',
  'undeleteApp',
  'disableApp',
  'enableApp',
  'setChannel',
  'listChannels',
  'removeChannel',
  'testChannel',
  'setAppWaking',
  'setAppLimits',
  'createAdminToken',
  'listAdminTokens',
  'revokeAdminToken',
]);
