import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { hashSecret, newAdminToken, newAppKey } from '../../../common/secrets.js';
import {
  CreateAdminTokenResponseSchema,
  CreateAppKeyResponseSchema,
  ListAdminTokensResponseSchema,
  ListAppKeysResponseSchema,
  RevokeAdminTokenResponseSchema,
  RevokeAppKeyResponseSchema,
} from '../../../gen/onepush/v1/access_pb.js';
import {
  fromExpiry,
  fromWireScope,
  parseKeyId,
  parseTokenId,
  toKeyId,
  toTokenId,
  toWireKey,
  toWireToken,
} from '../wire/access.js';
import { ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods about keys of apps and tokens of admins. */
export function createKeyHandlers({
  registry,
  cycle,
  access,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'access'>): Pick<
  PushCoreHandlers,
  'createAppKey' | 'listAppKeys' | 'revokeAppKey' | 'createAdminToken' | 'listAdminTokens' | 'revokeAdminToken'
> {
  const { commands } = cycle;
  return {
    async createAppKey({ appId, name, scope: wireScope, expiresAt: end }, { caller, trail }) {
      const now = Date.now();
      const expiresAt = fromExpiry(end, now);
      const scope = fromWireScope(wireScope);
      const { num: appNum } = await ownedApp(registry, caller, appId);
      const appKey = newAppKey();
      const key = { appNum, appId, name, scope, keyHash: hashSecret(appKey), expiresAt };
      const num = await cycle.execute(commands.createAppKey, key, trail.entry({ appId, target: name }));
      const details = { num, name, scope, createdAt: now, expiresAt, lastUsedAt: null };
      return create(CreateAppKeyResponseSchema, { key: toWireKey(details), appKey });
    },

    async listAppKeys({ appId }, { caller }) {
      const { num } = await ownedApp(registry, caller, appId);
      return create(ListAppKeysResponseSchema, { keys: (await access.listAppKeys(num)).map(toWireKey) });
    },

    async revokeAppKey({ appId, keyId }, { caller, trail }) {
      const { num: appNum } = await ownedApp(registry, caller, appId);
      const num = parseKeyId(keyId);
      const key = num && (await access.listAppKeys(appNum)).find((each) => each.num === num);
      if (!key) throw new OnePushError('UNKNOWN_KEY');
      const target = `${toKeyId(key.num)} ${key.name}`;
      await cycle.execute(commands.revokeAppKey, { appNum, appId, num: key.num }, trail.entry({ appId, target }));
      return create(RevokeAppKeyResponseSchema);
    },

    async createAdminToken({ name, expiresAt: end }, { trail }) {
      const expiresAt = fromExpiry(end, Date.now());
      const adminToken = newAdminToken();
      const token = { name, hash: hashSecret(adminToken), expiresAt };
      const stored = await cycle.execute(commands.createAdminToken, token, trail.entry({ target: name }));
      return create(CreateAdminTokenResponseSchema, { token: toWireToken(stored), adminToken });
    },

    async listAdminTokens() {
      return create(ListAdminTokensResponseSchema, { tokens: (await access.loadAdminTokens()).map(toWireToken) });
    },

    async revokeAdminToken({ id }, { trail }) {
      const num = parseTokenId(id);
      const token = num && (await access.loadAdminTokens()).find((each) => each.num === num);
      if (!token) throw new OnePushError('UNKNOWN_KEY');
      const target = `${toTokenId(token.num)} ${token.name}`;
      await cycle.execute(commands.revokeAdminToken, token.num, trail.entry({ target }));
      return create(RevokeAdminTokenResponseSchema);
    },
  };
}
