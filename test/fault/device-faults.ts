import { setTimeout as sleep } from 'node:timers/promises';
import { BOTH, type Fault } from './fault.js';
import type { FleetDevice } from './fleet-device.js';
import { register, type Target } from './population.js';
import type { Rig } from './rig.js';

/** What a device has said just before it cuts its connection. */
const LOST_WITH_THE_SOCKET = ['confirmation lost with the socket', 'acknowledgement lost with the socket'] as const;
/** One device in a hundred, but never none. */
const isOdd = (place: number): boolean => place % 100 === 7;
/**
 * Characters of a message, and so many messages: 9 MB, more than both kernels buffer, so that the edge cannot write on.
 */
const BULK = 60_000;
const BULK_PUSHES = 150;
/** Characters of a message of which very many wait at once. */
const LARGE = 400_000;

function oddOnes({ devices, population }: Rig): { odd: FleetDevice[]; target: Target } {
  const places = [...devices.keys()].filter(isOdd);
  const members = places.flatMap((place) => {
    const member = population.members[place];
    return member === undefined ? [] : population.users.filter(({ audiences }) => audiences.includes(member.alias));
  });
  return {
    odd: devices.filter((_, place) => isOdd(place)),
    target: {
      audienceType: 'ALIAS',
      audiences: members.flatMap(({ audiences }) => audiences),
      members: [...new Set(members.flatMap((user) => user.members))],
    },
  };
}

/** Sends large messages to the odd devices, more than the buffers hold, for at least so long. */
async function floodOdd(rig: Rig, milliseconds: number): Promise<void> {
  const { target } = oddOnes(rig);
  const until = performance.now() + milliseconds;
  for (let accepted = 0; accepted < BULK_PUSHES || performance.now() < until; await sleep(100)) {
    const sends = [true, false, false, false].map((needConfirm) =>
      rig.load.send({ ...target, needConfirm, bulk: BULK }),
    );
    for (const { kind } of await Promise.all(sends)) if (kind === 'accepted') accepted++;
  }
}

/** As a client would: what is refused for now is tried again. */
async function registerUntilDone(...[httpUrl, member]: Parameters<typeof register>): Promise<string> {
  for (;;) {
    const id = await register(httpUrl, member);
    if (id !== undefined) return id;
    await sleep(200);
  }
}

/** Devices and their networks: what any server that phones connect to sees every day. */
export const DEVICE_FAULTS: readonly Fault[] = [
  {
    name: '1% of the devices half-open, then reset',
    stores: BOTH,
    short: [],
    mayHappen: { socketsCut: true, misdeliveries: LOST_WITH_THE_SOCKET },
    async strike(rig, scale) {
      const { odd } = oddOnes(rig);
      for (const device of odd) device.deafen();
      await floodOdd(rig, 5000 * scale);
      for (const device of odd) device.reset();
    },
  },
  {
    name: '1% of the devices read slowly',
    stores: BOTH,
    short: [],
    async strike(rig, scale) {
      const { odd } = oddOnes(rig);
      const sips = setInterval(() => {
        for (const device of odd) device.sip();
      }, 100);
      await floodOdd(rig, 5000 * scale);
      clearInterval(sips);
      for (const device of odd) device.hear();
    },
  },
  {
    name: 'every device reset in turn',
    stores: BOTH,
    short: ['mysql'],
    mayHappen: { socketsCut: true, misdeliveries: LOST_WITH_THE_SOCKET },
    async strike({ devices }, scale) {
      const began = performance.now();
      for (let next = 0; next < devices.length; await sleep(10)) {
        const due = Math.min(devices.length, ((performance.now() - began) / (3000 * scale)) * devices.length);
        for (; next < due; next++) devices[next]?.reset();
      }
    },
  },
  {
    name: 'confirmations twice, late and with wrong ids',
    stores: BOTH,
    short: ['sqlite'],
    behaviour: (place) => (['twice', 'late', 'muddled', 'prompt'] as const)[place % 4] ?? 'prompt',
    strike: async (_rig, scale) => {
      await sleep(7000 * scale);
    },
  },
  {
    name: 'the same registrations in parallel',
    stores: BOTH,
    short: ['mysql'],
    async strike({ stack, population, devices }, scale) {
      const until = performance.now() + 3000 * scale;
      for (let round = 0; performance.now() < until; round++) {
        const known = population.members.slice((round * 10) % devices.length).slice(0, 10);
        const fresh = Array.from({ length: 5 }, (_, index) => ({
          alias: 'nobody',
          nativeToken: `parallel-${round}-${index}`,
          tag: ['parallel'],
        }));
        const answers = await Promise.all(
          [...known, ...fresh].map(async (member) => ({
            member,
            ids: new Set(await Promise.all(Array.from({ length: 8 }, () => registerUntilDone(stack.httpUrl, member)))),
          })),
        );
        for (const { member, ids } of answers) {
          if (ids.size !== 1) throw new Error(`one device, registered in parallel, has ${ids.size} ids`);
          if ('deviceId' in member && !ids.has(String(member.deviceId))) throw new Error('a device has a new id');
        }
        // A push resolves its audience again each time that a registration has changed it.
        await sleep(20);
      }
    },
  },
  {
    name: '400 KB messages wait for all of them, heap of 400 MB',
    stores: BOTH,
    short: [],
    coreHeap: 400,
    async strike({ devices, population, load }, scale) {
      await Promise.all(devices.map((device) => device.close()));
      const messages = Math.ceil(3 * scale);
      for (const user of population.users) {
        const sends = Array.from({ length: messages }, () => load.send({ ...user, needConfirm: true, bulk: LARGE }));
        await Promise.all(sends);
      }
      for (const device of devices) device.connect();
    },
  },
];
