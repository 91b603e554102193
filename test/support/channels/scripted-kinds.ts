import type { Channel, ChannelKind } from '../../../core/channel/channel.js';
import { ChannelSettingsError } from '../../../core/channel/channel.js';
import type { ChannelKinds } from '../../../core/channel/host.js';
import type { WakeOutcome } from '../../../core/domain/wake.js';

/** Settings of a scripted channel. */
export interface ScriptedSettings {
  /** A secret: no answer ever has it. */
  key: string;
  environment?: 'PRODUCTION' | 'SANDBOX';
  bundle?: string;
}

/**
 * A vendor whose answer is the token: the kind of an outcome, its own key for `key`, or a fault. Runs in a thread, too.
 */
export const scripted: ChannelKind<ScriptedSettings> = {
  channel: 'WEBHOOK',
  parseSettings(json) {
    // Whatever it is, it has a key or it has not.
    const settings = Object(json) as ScriptedSettings;
    if (typeof settings.key === 'string') return settings;
    throw new ChannelSettingsError([{ field: 'key', problem: 'is required: it must be a string' }]);
  },
  describe: ({ bundle = '' }) => ({ bundle }),
  scope: ({ environment, bundle }) => ({ environment, bundle }),
  limits: { perSecond: 10_000, concurrent: 100 },
  open: ({ key }) => createScripted(key),
};

/** All kinds that tests of the host know. */
export const CHANNEL_KINDS: ChannelKinds = new Map([[scripted.channel, scripted]]);

function createScripted(key: string): Channel {
  return {
    async send({ token }): Promise<WakeOutcome> {
      switch (token) {
        case 'never':
          return new Promise(() => {});
        case 'block':
          for (;;);
        case 'exit':
          return process.exit(3);
        case 'throw':
          throw new Error('a secret of the vendor');
        case 'memory': {
          const kept: unknown[] = [];
          for (;;) kept.push(new Array(10_000).fill(kept.length));
        }
        case 'token_dead':
        case 'channel_down':
        case 'unknown':
          return { kind: token, reason: 'scripted' };
        case 'key':
          return { kind: 'payload_bad', reason: key };
        default:
          return { kind: 'accepted' };
      }
    },
    probe: async () => (key === 'wrong' ? { kind: 'refused', reason: 'wrong_key' } : { kind: 'ok' }),
    close: async () => {},
  };
}
