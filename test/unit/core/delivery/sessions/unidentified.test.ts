import { describe, expect, test, vi } from 'vitest';
import type { Logger } from '../../../../../common/logs/log.js';
import type { EdgePort } from '../../../../../core/delivery/sessions/edge-port.js';
import type { UnidentifiedSession } from '../../../../../core/delivery/sessions/session.js';
import { createUnidentifiedSessions } from '../../../../../core/delivery/sessions/unidentified.js';
import type { Subscribed } from '../../../../../core/store/store.js';

type Found = Subscribed;

const DEVICE: Found = {
  num: 1,
  id: 'device',
  appNum: 2,
  platform: 'WEB',
  registered: true,
  generation: 3,
  memberships: [],
  appDisabled: false,
  seenDay: 0,
};

/** Sessions that wait to be identified until `answer` is called. */
function createUnidentified(found: Found[] = [DEVICE]) {
  const log: string[] = [];
  let answer: (error?: Error) => void = () => undefined;
  const sessions = createUnidentifiedSessions({
    store: {
      findSubscribers: (ids) =>
        new Promise((resolve, reject) => {
          log.push(`look-up ${ids.join()}`);
          answer = (error) => (error === undefined ? resolve(found) : reject(error));
        }),
    },
    begin: (session, device) => log.push(`begin ${device.id} on ${session.slot}`),
    log: { warn: vi.fn() } as unknown as Logger,
  });
  function announce(more: Partial<UnidentifiedSession> = {}): UnidentifiedSession {
    // Of an edge, only this is used here.
    const edge = {
      closeSession: (slot: number, { code }: { code: number }) => log.push(`close ${slot} ${code}`),
    } as unknown as EdgePort;
    const session = { edge, slot: 0, deviceId: 'device', through: 0, accepted: undefined, closed: false, ...more };
    sessions.add(session);
    return session;
  }
  return {
    sessions,
    log,
    announce,
    logged: (...lines: string[]) => vi.waitFor(() => expect(log).toEqual(lines)),
    answer: (error?: Error) => answer(error),
  };
}

describe('sessions that are not identified', () => {
  test('begin when their devices are known, looked up together and each once', async () => {
    const { announce, answer, logged } = createUnidentified();
    announce({ slot: 1 });
    announce({ slot: 2 });
    await logged('look-up device');
    answer();
    await logged('look-up device', 'begin device on 1', 'begin device on 2');
  });

  test('are not looked up, and do not begin, once they are closed', async () => {
    const { announce, answer, logged } = createUnidentified();
    announce({ deviceId: 'another', closed: true });
    const closed = announce({ slot: 1 });
    announce({ slot: 2 });
    await logged('look-up device');
    closed.closed = true;
    answer();
    await logged('look-up device', 'begin device on 2');
  });

  test.each<[string, Partial<Found> | undefined, Partial<UnidentifiedSession>, string]>([
    ['a device that does not exist', undefined, {}, 'close 0 4404'],
    ['a device that has unregistered', { registered: false }, {}, 'close 0 4410'],
    ['a device whose app is disabled', { appDisabled: true }, {}, 'close 0 4403'],
    ['an earlier registration of their device', {}, { accepted: { num: 1, generation: 2 } }, 'close 0 4410'],
    ['the present registration of their device', {}, { accepted: { num: 1, generation: 3 } }, 'begin device on 0'],
  ])('of %s are told so', async (_, device, announced, said) => {
    const { announce, answer, logged } = createUnidentified(device === undefined ? [] : [{ ...DEVICE, ...device }]);
    announce(announced);
    await logged('look-up device');
    answer();
    await logged('look-up device', said);
  });

  test('are looked up again when the store could not say', async () => {
    const { announce, answer, logged } = createUnidentified();
    announce();
    await logged('look-up device');
    answer(new Error('no database'));
    await logged('look-up device', 'look-up device');
    answer();
    await logged('look-up device', 'look-up device', 'begin device on 0');
  });

  test('are looked up again when the registration changed meanwhile', async () => {
    const { sessions, announce, answer, logged } = createUnidentified();
    announce();
    await logged('look-up device');
    sessions.changed('device');
    answer();
    await logged('look-up device', 'look-up device');
    answer();
    await logged('look-up device', 'look-up device', 'begin device on 0');
  });
});
