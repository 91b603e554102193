import { expect, it } from 'vitest';
import type { WriteCycle } from '../../../../../core/delivery/writer/write-cycle.js';
import type { AuditEntry } from '../../../../../core/domain/access.js';
import { createUseLog } from '../../../../../core/rpc/service/use-log.js';

const entry = (method: string): AuditEntry => ({
  at: 1,
  actor: { kind: 'app', id: 'k1', name: '' },
  appId: 'app',
  method,
  target: '',
  address: '',
  outcome: 'OK',
});

/** Usage over a cycle that notes what is carried out, and fails as long as the test wants. */
function start() {
  const done: unknown[] = [];
  const state = { fails: false };
  const cycle = {
    commands: { keepUses: 'uses', keepAudit: 'audit' },
    async execute(kind: unknown, input: unknown, kept?: AuditEntry) {
      if (state.fails) throw new Error('down');
      done.push(kind === 'uses' ? input : `${kept?.method} ${kept?.target}`);
    },
  } as unknown as WriteCycle;
  return { usage: createUseLog(cycle, () => 7), done, state };
}

it('what was used is written once, however often it was, and nothing where nothing was', async () => {
  const { usage, done } = start();
  for (const num of [3, 4, 3, 3]) usage.key(num);
  usage.token(1);
  for (const method of ['UpdateDevice', 'UpdateDevice', 'SetQuietHours']) usage.counted(entry(method));
  await usage.flush();
  await usage.flush();
  expect(done).toEqual([{ at: 7, keys: [3, 4], tokens: [1] }, 'UpdateDevice 2 calls', 'SetQuietHours 1 call']);
});

it('what could not be written is written later, in parts that hold nobody up', async () => {
  const { usage, done, state } = start();
  state.fails = true;
  for (let num = 0; num < 700; num++) usage.key(num);
  usage.counted(entry('UpdateDevice'));
  await usage.flush();
  state.fails = false;
  usage.counted(entry('UpdateDevice'));
  await usage.flush();
  expect(done).toMatchObject([{ keys: { length: 500 } }, { keys: { length: 200 } }, 'UpdateDevice 2 calls']);
});
