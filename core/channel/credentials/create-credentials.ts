import type { Logger } from '../../../common/logs/log.js';
import type { Sealed, SecretBox } from '../../sealing/secret-box.js';
import type { ChannelKind } from '../channel.js';
import { ChannelSettingsError } from '../channel.js';
import type { ChannelCredentials, CredentialDraft, ListedCredential, LockedState } from '../credentials.js';
import type { ChangingDirectory } from '../host/directory.js';
import type { ChannelHost, ChannelKinds, Credential } from '../host.js';

/** A credential as it is stored. */
export interface SealedCredential extends Omit<Credential, 'settings' | 'version'> {
  /** The encrypted settings. */
  readonly settings: string;
  /** Names the key. */
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

/** Credentials that are told what is stored, and hand it on to the host and the directory. */
export interface ChangingCredentials extends ChannelCredentials {
  /**
   * Takes all that is stored.
   *
   * @returns those that are encrypted with another key than the first one, encrypted with that
   */
  load(stored: readonly SealedCredential[]): SealedCredential[];
  /** A credential is there, or has other settings. */
  set(stored: SealedCredential): void;
  /** A credential is gone. */
  removed(num: number): void;
  /** Adds one that is not stored. @throws ChannelSettingsError */
  addUnstored(draft: CredentialDraft): void;
  /** Returns the channels of those that cannot be read, one for each. */
  locked(): readonly Credential['channel'][];
}

interface Known {
  appNum: number;
  listed: Omit<ListedCredential, 'state'>;
  /** Undefined: it cannot be read. */
  credential: Credential | undefined;
  locked: LockedState['reason'];
}

/** Number of the credential that is not stored: those of the store are greater. */
const UNSTORED = -1;

/** Returns no credentials. */
export function createCredentials(options: {
  kinds: ChannelKinds;
  box: SecretBox;
  host: Pick<ChannelHost, 'configure' | 'status'>;
  directory: Pick<ChangingDirectory, 'set' | 'removed'>;
  log: Logger;
}): ChangingCredentials {
  const { kinds, box, host, directory, log } = options;
  const known = new Map<number, Known>();
  let version = 0;

  /** @throws ChannelSettingsError */
  function parse({ channel, settings }: Pick<CredentialDraft, 'channel' | 'settings'>): {
    kind: ChannelKind<unknown>;
    parsed: unknown;
  } {
    const kind = kinds.get(channel);
    if (kind === undefined) {
      throw new ChannelSettingsError([{ field: 'channel', problem: 'must be a channel that this release has' }]);
    }
    return { kind, parsed: kind.parseSettings(settings) };
  }

  function add(
    draft: CredentialDraft,
    { num, createdAt, updatedAt }: Pick<ListedCredential, 'num' | 'createdAt' | 'updatedAt'>,
  ): void {
    const { appNum, name, channel, settings } = draft;
    const { kind, parsed } = parse(draft);
    known.set(num, {
      appNum,
      listed: { num, name, channel, settings: kind.describe(parsed), createdAt, updatedAt },
      credential: { num, appNum, name, channel, settings, version: ++version },
      locked: 'bad_settings',
    });
    directory.set({ num, appNum, channel, scope: kind.scope(parsed) });
  }

  function addStored(stored: SealedCredential): void {
    const { num, appNum, name, channel, createdAt, updatedAt } = stored;
    const text = box.open(toSealed(stored), placeOf(stored));
    try {
      if (text !== undefined) {
        add({ appNum, name, channel, settings: JSON.parse(text) }, stored);
        return;
      }
    } catch (error) {
      const problems = error instanceof ChannelSettingsError ? error.problems : [];
      log.error(
        { component: 'channels', num, credential: name, channel, problems },
        'a channel has settings that cannot be used',
      );
    }
    const listed = { num, name, channel, settings: {}, createdAt, updatedAt };
    directory.removed(num);
    known.set(num, {
      appNum,
      listed,
      credential: undefined,
      locked: text === undefined ? 'wrong_key' : 'bad_settings',
    });
  }

  function configure(): void {
    host.configure([...known.values()].flatMap(({ credential }) => credential ?? []));
  }

  const lockedOnes = (): Known[] => [...known.values()].filter(({ credential }) => credential === undefined);

  function toListed({ listed, credential, locked }: Known): ListedCredential {
    const status = credential && host.status(listed.num);
    return { ...listed, state: status ? { kind: 'usable', status } : { kind: 'locked', reason: locked } };
  }

  function list(appNum: number): ListedCredential[] {
    const own = [...known.values()].filter((each) => each.appNum === appNum).map(toListed);
    return own.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  return {
    canSeal: () => box.keyId !== undefined,
    seal(draft) {
      parse(draft);
      const { keyId, text } = box.seal(JSON.stringify(draft.settings), placeOf(draft));
      return { keyId, settings: text };
    },
    list,
    find: (appNum, name) => list(appNum).find((each) => each.name === name),
    load(stored) {
      for (const each of stored) addStored(each);
      configure();
      const wrong = lockedOnes().filter(({ locked }) => locked === 'wrong_key').length;
      if (wrong > 0) {
        log.error(
          { component: 'channels', channels: wrong },
          'stored channels cannot be used: ONEPUSH_SECRET_KEY is missing or has not their key',
        );
      }
      if (box.keyId === undefined) return [];
      return stored.flatMap((each) => {
        if (each.keyId === box.keyId) return [];
        const text = box.open(toSealed(each), placeOf(each));
        if (text === undefined) return [];
        const { keyId, text: settings } = box.seal(text, placeOf(each));
        return { ...each, keyId, settings };
      });
    },
    set(stored) {
      addStored(stored);
      configure();
    },
    removed(num) {
      known.delete(num);
      directory.removed(num);
      configure();
    },
    addUnstored(draft) {
      add(draft, { num: UNSTORED, createdAt: undefined, updatedAt: undefined });
      configure();
    },
    locked: () => lockedOnes().map(({ listed }) => listed.channel),
  };
}

function toSealed({ keyId, settings }: SealedCredential): Sealed {
  return { keyId, text: settings };
}

/** The place of a credential, outside of which its settings cannot be decrypted. */
function placeOf({ appNum, name, channel }: Pick<CredentialDraft, 'appNum' | 'name' | 'channel'>): string {
  return JSON.stringify([appNum, name, channel]);
}
