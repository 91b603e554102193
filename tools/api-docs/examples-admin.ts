import { APP, type CurlExample, KEY, LATER, TIME } from './example.js';

/** Examples of who runs the service, and of keys, by method. */
export const ADMIN_EXAMPLES: Record<string, CurlExample> = {
  CreateApp: { as: 'admin', request: { name: 'Billing' }, answer: { id: APP, name: 'Billing', appKey: KEY } },
  GetApp: {
    as: 'admin',
    request: { id: '$APP' },
    answer: { id: APP, name: 'Billing', registration: 'REGISTRATION_MODE_SIGNED', unsignedSince: TIME },
  },
  UpdateApp: { as: 'admin', request: { id: '$APP', registration: 'REGISTRATION_MODE_BOTH' }, answer: {} },
  ListApps: {
    as: 'admin',
    request: { pageSize: 1 },
    answer: {
      apps: [{ id: 'testapp1', name: 'testapp1', registration: 'REGISTRATION_MODE_OPEN', createdAt: TIME }],
      nextPageToken: 'MS4yd3VrM1lRcUxzUQ',
    },
  },
  DisableApp: { as: 'admin', request: { id: '$APP' }, answer: {} },
  EnableApp: { as: 'admin', request: { id: '$APP' }, answer: {} },
  DeleteApp: { as: 'admin', request: { id: '$APP' }, answer: { removedAt: LATER } },
  UndeleteApp: { as: 'admin', request: { id: '$APP' }, answer: {} },
  ServerInfo: { as: 'app', request: {}, answer: { version: '0.1.0', features: ['console', 'secrets'] } },
  CreateAppKey: {
    as: 'admin',
    request: { appId: '$APP', name: 'reports', scope: 'KEY_SCOPE_READ' },
    answer: { key: { id: 'k18', name: 'reports', scope: 'KEY_SCOPE_READ', createdAt: TIME }, appKey: KEY },
  },
  ListAppKeys: {
    as: 'admin',
    request: { appId: '$APP' },
    answer: {
      keys: [
        { id: 'k17', name: 'orders', scope: 'KEY_SCOPE_SEND', createdAt: TIME },
        { id: 'k16', scope: 'KEY_SCOPE_MANAGE', createdAt: TIME },
      ],
    },
  },
  RevokeAppKey: { as: 'admin', request: { appId: '$APP', keyId: '$KEY' }, answer: {} },
  CreateAdminToken: {
    as: 'admin',
    request: { name: 'nightly job' },
    answer: { token: { id: 't2', name: 'nightly job', createdAt: TIME }, adminToken: KEY },
  },
  ListAdminTokens: {
    as: 'admin',
    request: {},
    answer: { tokens: [{ id: 't1', name: 'carol', createdAt: TIME }] },
  },
  RevokeAdminToken: { as: 'admin', request: { id: '$TOKEN' }, answer: {} },
  ListAuditLog: {
    as: 'admin',
    request: { appId: '$APP', pageSize: 1 },
    answer: {
      entries: [
        {
          time: TIME,
          actorId: 'environment',
          actorName: 'environment',
          appId: APP,
          method: 'CreateAppKey',
          target: 'orders',
          address: '127.0.0.1',
          outcome: 'OK',
        },
      ],
      nextPageToken: 'MTcuSXdFZDNzSzFFY2c',
    },
  },
};
