import { isSmsChannel } from '../../domain/channel.js';
import type { ChannelKind } from '../channel.js';
import type { ChannelDirectory, Credential } from '../host.js';

/** A credential as far as it is looked for. */
export interface DirectoryEntry extends Pick<Credential, 'num' | 'appNum' | 'channel'> {
  /** The tokens that it is for. */
  readonly scope: ReturnType<ChannelKind<unknown>['scope']>;
}

/** A directory that is told what there is. */
export interface ChangingDirectory extends ChannelDirectory {
  /** A credential is there, or has changed. */
  set(entry: DirectoryEntry): void;
  /** A credential is gone. One that was not there is fine. */
  removed(num: number): void;
  /** An app keeps its content from vendors from now on, or does not. */
  setHidesContent(appNum: number, hides: boolean): void;
}

/** Returns a directory of nothing. */
export function createChannelDirectory(): ChangingDirectory {
  /** Those of each app that has any, the oldest first. */
  const byApp = new Map<number, DirectoryEntry[]>();
  const appOf = new Map<number, number>();
  const hiding = new Set<number>();

  function removed(num: number): void {
    const appNum = appOf.get(num);
    if (appNum === undefined) return;
    appOf.delete(num);
    const left = byApp.get(appNum)?.filter((entry) => entry.num !== num) ?? [];
    if (left.length === 0) byApp.delete(appNum);
    else byApp.set(appNum, left);
  }

  return {
    set(entry) {
      removed(entry.num);
      appOf.set(entry.num, entry.appNum);
      const others = byApp.get(entry.appNum) ?? [];
      byApp.set(
        entry.appNum,
        [...others, entry].toSorted((a, b) => a.num - b.num),
      );
    },
    removed,
    setHidesContent(appNum, hides) {
      if (hides) hiding.add(appNum);
      else hiding.delete(appNum);
    },
    hasAny: (appNum) => byApp.has(appNum),
    isEmpty: () => byApp.size === 0,
    apps: () => [...byApp.keys()],
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
