import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createCredentials,
  type SealedCredential,
} from '../../../../../core/channel/credentials/create-credentials.js';
import { createChannelDirectory } from '../../../../../core/channel/host/directory.js';
import type { ChannelStatus, Credential } from '../../../../../core/channel/host.js';
import { createSecretBox } from '../../../../../core/sealing/secret-box.js';
import { CHANNEL_KINDS } from '../../../../support/channels/scripted-kinds.js';

const [ONE, TWO] = [randomBytes(32), randomBytes(32)];
const SECRET = 'hunter2';
const STATUS: ChannelStatus = {
  breaker: 'closed',
  breakerReason: undefined,
  queued: 0,
  inFlight: 0,
  lastSuccessAt: undefined,
  lastFailure: undefined,
};

let lines: string[] = [];
beforeEach(() => {
  lines = [];
});

/** Credentials under these keys, and what the host was told of them last. */
function open(...keys: Uint8Array[]) {
  const told = { credentials: [] as readonly Credential[] };
  const directory = createChannelDirectory();
  const host = {
    configure(credentials: readonly Credential[]) {
      told.credentials = credentials;
    },
    status: () => STATUS,
  };
  const log = pino({ base: null }, { write: (line) => void lines.push(line) });
  const box = createSecretBox(keys);
  return { told, directory, ...createCredentials({ kinds: CHANNEL_KINDS, box, host, directory, log }) };
}

const draft = (name: string, settings: unknown = { key: SECRET, bundle: 'com.example' }) => {
  return { appNum: 1, name, channel: 'WEBHOOK', settings } as const;
};

/** A row as it would be stored under these keys. */
function stored(num: number, name: string, ...keys: Uint8Array[]): SealedCredential {
  const { settings: _, ...rest } = draft(name);
  return { ...rest, ...open(...keys).seal(draft(name)), num, createdAt: 1000, updatedAt: 2000 };
}

describe('credentials', () => {
  it('that are stored are usable, and show nothing secret', () => {
    const { load, list, told, directory } = open(ONE);
    expect(load([stored(7, 'b', ONE), stored(8, 'a', ONE)])).toEqual([]);
    expect(told.credentials.map(({ num, settings }) => [num, settings])).toEqual([
      [7, draft('b').settings],
      [8, draft('a').settings],
    ]);
    expect(list(1).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(list(1)[0]).toEqual({
      num: 8,
      name: 'a',
      channel: 'WEBHOOK',
      settings: { bundle: 'com.example' },
      state: { kind: 'usable', status: STATUS },
      createdAt: 1000,
      updatedAt: 2000,
    });
    expect(JSON.stringify(list(1))).not.toContain(SECRET);
    expect(list(2)).toEqual([]);
    expect(directory.hasAny(1)).toBe(true);
  });

  it.each([
    ['no key', []],
    ['another key', [TWO]],
  ])('that are stored are locked with %s, and the log says so once', (_, keys) => {
    const { load, list, told, directory, locked } = open(...keys);
    load([stored(7, 'a', ONE), stored(8, 'b', ONE)]);
    expect(list(1).map(({ state }) => state)).toEqual(Array(2).fill({ kind: 'locked', reason: 'wrong_key' }));
    expect([told.credentials, locked(), directory.hasAny(1)]).toEqual([[], ['WEBHOOK', 'WEBHOOK'], false]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('ONEPUSH_SECRET_KEY');
  });

  it('that were swapped between names are locked', () => {
    const { load, list } = open(ONE);
    const [a, b] = [stored(7, 'a', ONE), stored(8, 'b', ONE)];
    load([{ ...a, settings: b.settings }, { ...b, appNum: 2 }, stored(9, 'c', ONE)]);
    expect([...list(1), ...list(2)].map(({ num, state }) => [num, state.kind])).toEqual([
      [7, 'locked'],
      [9, 'usable'],
      [8, 'locked'],
    ]);
  });

  it('under an earlier key are to be stored under the first one, with all else as it was', () => {
    const old = stored(7, 'a', ONE);
    const resealed = open(TWO, ONE).load([old, stored(8, 'b', TWO)]);
    expect(resealed).toEqual([{ ...old, settings: expect.any(String), keyId: createSecretBox([TWO]).keyId }]);
    const { load, list } = open(TWO);
    load(resealed);
    expect(list(1)[0]?.state.kind).toBe('usable');
  });

  it('whose settings this release does not take any more are locked, and no value is logged', () => {
    const box = createSecretBox([ONE]);
    const { keyId, text } = box.seal(JSON.stringify({ other: SECRET }), JSON.stringify([1, 'a', 'WEBHOOK']));
    const { load, list } = open(ONE);
    load([{ ...stored(7, 'a', ONE), keyId, settings: text }]);
    expect(list(1)[0]?.state).toEqual({ kind: 'locked', reason: 'bad_settings' });
    expect(lines.join()).toContain('must be a string');
    expect(lines.join()).not.toContain(SECRET);
  });

  it('that change have another version, and are gone when they are removed', () => {
    const { set, removed, find, told, directory } = open(ONE);
    set(stored(7, 'a', ONE));
    const [before] = told.credentials;
    set(stored(8, 'b', ONE));
    expect(told.credentials[0]).toEqual(before);
    set(stored(7, 'a', ONE));
    expect(told.credentials.find(({ num }) => num === 7)?.version).not.toBe(before?.version);
    set({ ...stored(7, 'a', ONE), settings: '1.broken' });
    expect([find(1, 'a')?.state.kind, told.credentials.length]).toEqual(['locked', 1]);
    removed(7);
    removed(8);
    expect([find(1, 'a'), told.credentials, directory.hasAny(1)]).toEqual([undefined, [], false]);
  });

  it('of the environment stand beside those that are stored', () => {
    const { load, addUnstored, list, told, directory } = open();
    load([]);
    addUnstored({ appNum: 3, name: '(environment)', channel: 'WEBHOOK', settings: { key: SECRET } });
    expect(list(3)).toMatchObject([{ name: '(environment)', createdAt: undefined, state: { kind: 'usable' } }]);
    expect([told.credentials.length, directory.hasAny(3)]).toEqual([1, true]);
    const wrong = { appNum: 3, name: '(environment)', channel: 'WEBHOOK', settings: {} } as const;
    expect(() => addUnstored(wrong)).toThrow('key is required');
  });

  it('are not sealed with wrong settings, or for a channel that there is not', () => {
    const { seal } = open(ONE);
    expect(() => seal(draft('a', { secret: SECRET }))).toThrow('key is required: it must be a string');
    expect(() => seal({ ...draft('a'), channel: 'APNS' })).toThrow('channel must be');
  });
});
