import type { Logger } from '../../../common/logs/log.js';
import type { ChannelKind } from '../channel.js';
import type { ChannelHost, ChannelKinds, Credential, ObserveWake } from '../host.js';
import { type ProtectedChannel, protectChannel } from '../protection/protected-channel.js';
import { paceOf } from './pace.js';
import { createVendorThread, type ThreadProgram } from './thread.js';

/** The modules of the product. */
const PROGRAM: ThreadProgram = {
  program: new URL('./worker.js', import.meta.url),
  kinds: new URL('../kinds.js', import.meta.url),
};

interface Configured {
  credential: Credential;
  channel: ProtectedChannel;
}

/** Returns a host without credentials. Its thread is started with the first of them. */
export function createChannelHost(options: {
  kinds: ChannelKinds;
  log: Logger;
  observe?: ObserveWake;
  /** Absent: that of the product. */
  program?: ThreadProgram;
}): ChannelHost {
  const { kinds, log, observe, program = PROGRAM } = options;
  const thread = createVendorThread({ ...program, log });
  const configured = new Map<number, Configured>();

  function open({ num, name, channel, settings }: Credential, kind: ChannelKind<unknown>): ProtectedChannel {
    return protectChannel({
      channel: thread.open(channel, settings),
      pace: paceOf(settings, kind.limits),
      partOf: kind.partOf,
      answered: (outcome, seconds) => observe?.(channel, outcome, seconds),
      opened: (reason) =>
        log.error({ component: 'channels', num, credential: name, channel, reason }, 'a channel is down'),
      suspected: (reason) =>
        log.error(
          { component: 'channels', num, credential: name, channel, reason },
          'a vendor refuses nearly all tokens',
        ),
    });
  }

  return {
    configure(credentials) {
      const wanted = new Map(credentials.map((credential) => [credential.num, credential]));
      for (const [num, { credential, channel }] of configured) {
        if (wanted.get(num)?.version === credential.version) continue;
        configured.delete(num);
        channel.retire();
      }
      for (const credential of wanted.values()) {
        const kind = kinds.get(credential.channel);
        if (configured.has(credential.num) || kind === undefined) continue;
        configured.set(credential.num, { credential, channel: open(credential, kind) });
      }
    },
    room: (num) => configured.get(num)?.channel.room() ?? 0,
    send(num, target, message) {
      const sent = configured.get(num)?.channel.send(target, message);
      return sent ?? Promise.resolve({ kind: 'retry', scope: 'channel', reason: 'no_credential' });
    },
    async probe(num) {
      return (await configured.get(num)?.channel.probe()) ?? { kind: 'unreachable', reason: 'no_credential' };
    },
    status: (num) => configured.get(num)?.channel.status(),
    counts() {
      const channels = [...configured.values()].map(({ credential, channel }) => {
        const { breaker, queued, inFlight } = channel.status();
        return { channel: credential.channel, breaker, queued, inFlight };
      });
      return { channels, restarts: thread.restarts() };
    },
    async stop() {
      for (const { channel } of configured.values()) channel.retire();
      configured.clear();
      await thread.stop();
    },
  };
}
