import { randomUUID } from 'node:crypto';
import { registerDevice } from '../support/rest.js';
import { TEST_APP } from '../support/stack.js';

/** Who a push is for, in the words of the send request. */
export interface Target {
  audienceType: 'ALIAS' | 'TAG';
  audiences: string[] | 'ALL';
  /** The devices that it must reach, by their place in the population. */
  members: readonly number[];
}

export interface Member {
  deviceId: string;
  alias: string;
  nativeToken: string;
  tag: string[];
  /** Its APNs token; absent: it has none. */
  apnsToken?: string | undefined;
}

/** Registered devices of users with one or two of them, each device with a tag. */
export interface Population {
  readonly members: readonly Member[];
  readonly users: readonly Target[];
  readonly tags: readonly Target[];
  readonly everyone: Target;
}

const TAGS = 12;
/** Registrations under way at a time: each has a connection. */
const AT_ONCE = 250;

/** @param tokenOf the APNs token of the device at a place */
export async function registerPopulation(
  httpUrl: string,
  size: number,
  tokenOf: (place: number) => string | undefined = () => undefined,
): Promise<Population> {
  const run = randomUUID().slice(0, 8);
  const planned = Array.from({ length: size }, (_, place) => ({
    // Of three devices two have the same user.
    alias: `user-${run}-${place % 3 === 2 ? place - 1 : place}`,
    nativeToken: `token-${run}-${place}`,
    tag: [`tag-${place % TAGS}`],
    apnsToken: tokenOf(place),
  }));
  const members: Member[] = [];
  for (let first = 0; first < size; first += AT_ONCE) {
    const part = planned.slice(first, first + AT_ONCE).map(async (member) => {
      const deviceId = await register(httpUrl, member);
      if (deviceId === undefined) throw new Error('the stack is not ready');
      return { ...member, deviceId };
    });
    members.push(...(await Promise.all(part)));
  }
  const named = (audienceType: Target['audienceType'], nameOf: (member: Member) => string | undefined): Target[] => {
    const places = new Map<string, number[]>();
    for (const [place, member] of members.entries()) {
      const name = nameOf(member) ?? '';
      places.set(name, [...(places.get(name) ?? []), place]);
    }
    return [...places].map(([name, found]) => ({ audienceType, audiences: [name], members: found }));
  };
  return {
    members,
    users: named('ALIAS', ({ alias }) => alias),
    tags: named('TAG', ({ tag }) => tag[0]),
    everyone: { audienceType: 'ALIAS', audiences: 'ALL', members: [...members.keys()] },
  };
}

/** Registers a device, or registers it again, and resolves with its id; undefined: refused for now. */
export async function register(
  httpUrl: string,
  { alias, nativeToken, tag, apnsToken }: Omit<Member, 'deviceId'>,
): Promise<string | undefined> {
  const own =
    apnsToken === undefined
      ? { platform: 'ANDROID' as const }
      : { platform: 'IOS' as const, push: { channel: 'APNS', token: apnsToken } };
  const body = { appId: TEST_APP.appId, alias, nativeToken, tag, ...own };
  const answer = await registerDevice(httpUrl, body);
  if (answer.status === 503) return undefined;
  if (answer.status !== 200) throw new Error(`register was answered ${answer.status}: ${answer.text}`);
  return answer.body.id;
}
