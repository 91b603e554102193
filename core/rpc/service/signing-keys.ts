import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import {
  AddSigningKeyResponseSchema,
  ListSigningKeysResponseSchema,
  RemoveSigningKeyResponseSchema,
} from '../../../gen/onepush/v1/signing_key_pb.js';
import { KEY_KIND, toWireSigningKey } from '../wire/registration.js';
import { ownedApp } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods about keys that registration tokens are checked with. */
export function createSigningKeyHandlers({
  registry,
  cycle,
  signingKeys,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'signingKeys'>): Pick<
  PushCoreHandlers,
  'addSigningKey' | 'listSigningKeys' | 'removeSigningKey'
> {
  return {
    async addSigningKey({ appId, kind: wire, key: given, kid }, { caller, trail }) {
      const { num: appNum } = await ownedApp(registry, caller, appId);
      const kind = KEY_KIND[wire];
      // The rules of the schema leave only those that there are.
      if (kind === undefined) throw new OnePushError('INVALID_FIELDS');
      const { key, secret } = signingKeys.make(appNum, { kind, key: given, kid });
      await cycle.execute(
        cycle.commands.setSigningKey,
        { ...key, appNum, appId },
        trail.entry({ appId, target: `signing key ${key.id}` }),
      );
      return create(AddSigningKeyResponseSchema, { key: toWireSigningKey(key, ''), secret: secret ?? '' });
    },

    async listSigningKeys({ appId }, { caller }) {
      const app = await ownedApp(registry, caller, appId);
      const keys = app.signingKeys.map((key) => toWireSigningKey(key, signingKeys.problemOf(app.num, key)));
      return create(ListSigningKeysResponseSchema, { keys });
    },

    async removeSigningKey({ appId, id }, { caller, trail }) {
      const { num: appNum, signingKeys: known } = await ownedApp(registry, caller, appId);
      if (!known.some((key) => key.id === id)) throw new OnePushError('UNKNOWN_SIGNING_KEY');
      const entry = trail.entry({ appId, target: `signing key ${id}` });
      const isRemoved = await cycle.execute(cycle.commands.removeSigningKey, { appId, appNum, id }, entry);
      // Another call was first.
      if (!isRemoved) throw new OnePushError('UNKNOWN_SIGNING_KEY');
      return create(RemoveSigningKeyResponseSchema);
    },
  };
}
