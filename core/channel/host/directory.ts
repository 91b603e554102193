import { isSmsChannel } from '../../domain/channel.js';
import type { ChannelDirectory, ChannelKinds, Credential } from '../host.js';

/** A directory that is told what there is. */
export interface ChangingDirectory extends ChannelDirectory {
  /** Takes all credentials that there are now, and the apps that keep their content from vendors. */
  replace(credentials: readonly Credential[]): void;
  /** An app keeps its content from vendors from now on, or does not. */
  setHidesContent(appNum: number, hides: boolean): void;
}

interface Listed extends Pick<Credential, 'num' | 'channel'> {
  scope: { readonly environment?: string | undefined; readonly bundle?: string | undefined };
}

/** Returns a directory of nothing. */
export function createChannelDirectory(kinds: ChannelKinds): ChangingDirectory {
  let byApp = new Map<number, Listed[]>();
  const hiding = new Set<number>();

  return {
    replace(credentials) {
      byApp = new Map();
      for (const { num, appNum, channel, settings } of credentials.toSorted((a, b) => a.num - b.num)) {
        const kind = kinds.get(channel);
        if (kind === undefined) continue;
        const listed = { num, channel, scope: kind.scope(kind.parseSettings(settings)) };
        const known = byApp.get(appNum);
        if (known === undefined) byApp.set(appNum, [listed]);
        else known.push(listed);
      }
    },
    setHidesContent(appNum, hides) {
      if (hides) hiding.add(appNum);
      else hiding.delete(appNum);
    },
    hasAny: (appNum) => byApp.has(appNum),
    credentialFor(appNum, { channel, environment = 'PRODUCTION', bundle }) {
      const fitting = byApp.get(appNum)?.filter(({ channel: own, scope }) => {
        const hasEnvironment = scope.environment === undefined || scope.environment === environment;
        const hasBundle = scope.bundle === undefined || bundle === undefined || scope.bundle === bundle;
        return own === channel && hasEnvironment && hasBundle;
      });
      // One that names the bundle is meant more than one that takes any; of two alike the first that there was.
      return fitting?.find(({ scope }) => bundle !== undefined && scope.bundle === bundle) ?? fitting?.[0];
    },
    smsCredential: (appNum) => byApp.get(appNum)?.find(({ channel }) => isSmsChannel(channel)),
    hidesContent: (appNum) => hiding.has(appNum),
  };
}
