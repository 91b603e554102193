import { create } from '@bufbuild/protobuf';
import { OnePushError, type Violation } from '../../../common/errors.js';
import { isDeeperThan } from '../../../common/json/bounds.js';
import {
  ListChannelsResponseSchema,
  RemoveChannelResponseSchema,
  SetAppWakingResponseSchema,
  SetChannelResponseSchema,
} from '../../../gen/onepush/v1/channel_pb.js';
import { ChannelSettingsError } from '../../channel/channel.js';
import type { CredentialDraft } from '../../channel/credentials.js';
import { CHANNEL } from '../wire/channel.js';
import { toTestResponse, toWireCredential } from '../wire/credential.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** Maximum number of credentials of an app. */
const MAX_CREDENTIALS = 50;
/** Lists and objects of settings that stand in one another. */
const MAX_LEVELS = 10;

/** The methods of who says how an app's devices are woken. */
export function createChannelHandlers({
  registry,
  cycle,
  channels,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'channels'>): Pick<
  PushCoreHandlers,
  'setChannel' | 'listChannels' | 'removeChannel' | 'testChannel' | 'setAppWaking'
> {
  const { credentials, host, directory } = channels;

  function getCredential(appNum: number, name: string) {
    const found = credentials.find(appNum, name);
    if (found === undefined) throw new OnePushError('UNKNOWN_CHANNEL');
    return found;
  }

  /** @throws OnePushError INVALID_FIELDS with every setting that is wrong, and never a value */
  function seal(draft: CredentialDraft) {
    try {
      return credentials.seal(draft);
    } catch (error) {
      if (!(error instanceof ChannelSettingsError)) throw error;
      const violations = error.problems.map(({ field, problem }): Violation => {
        return { field: field === 'channel' ? field : `settingsJson.${field}`, rule: problem };
      });
      throw new OnePushError('INVALID_FIELDS', { violations });
    }
  }

  return {
    async setChannel({ appId, name, channel: wire, settingsJson }, { trail }) {
      const { num: appNum } = await registry.getApp(appId);
      if (!credentials.canSeal()) throw new OnePushError('NO_SECRET_KEY');
      const channel = CHANNEL[wire];
      // The rules of the schema leave only those that there are.
      if (channel === undefined) throw new OnePushError('INVALID_FIELDS');
      const settings = parseSettings(settingsJson);
      const isNew = credentials.find(appNum, name) === undefined;
      if (isNew && credentials.list(appNum).length >= MAX_CREDENTIALS) {
        const rule = `must be one of the ${MAX_CREDENTIALS} that the app has: it can have no more`;
        throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'name', rule }] });
      }
      const sealed = seal({ appNum, name, channel, settings });
      const entry = trail.entry({ appId, target: name });
      await cycle.execute(cycle.commands.setChannel, { appNum, name, channel, ...sealed }, entry);
      const credential = toWireCredential(getCredential(appNum, name));
      return create(SetChannelResponseSchema, { credential });
    },

    async listChannels({ appId }) {
      const { num } = await registry.getApp(appId);
      return create(ListChannelsResponseSchema, {
        credentials: credentials.list(num).map(toWireCredential),
        hidesContent: directory.hidesContent(num),
      });
    },

    async removeChannel({ appId, name }, { trail }) {
      const { num: appNum } = await registry.getApp(appId);
      getCredential(appNum, name);
      const entry = trail.entry({ appId, target: name });
      const isRemoved = await cycle.execute(cycle.commands.removeChannel, { appNum, name }, entry);
      if (!isRemoved) throw new OnePushError('UNKNOWN_CHANNEL');
      return create(RemoveChannelResponseSchema);
    },

    async testChannel({ appId, name }) {
      const { num: appNum } = await registry.getApp(appId);
      const { num, state } = getCredential(appNum, name);
      if (state.kind === 'locked') return toTestResponse({ kind: 'refused', reason: state.reason });
      return toTestResponse(await host.probe(num));
    },

    async setAppWaking({ id, hidesContent }, { trail }) {
      await registry.getApp(id);
      const entry = trail.entry({ appId: id, target: hidesContent ? 'hides content' : 'shows content' });
      await cycle.execute(cycle.commands.setAppWaking, { id, hidesContent }, entry);
      return create(SetAppWakingResponseSchema);
    },
  };
}

function parseSettings(json: string): unknown {
  const rule = `must be a JSON object of at most ${MAX_LEVELS} levels`;
  const broken = new OnePushError('INVALID_FIELDS', { violations: [{ field: 'settingsJson', rule }] });
  if (isDeeperThan(json, MAX_LEVELS)) throw broken;
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // The parser's message repeats what it read.
  }
  throw broken;
}
