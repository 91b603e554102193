import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { OnePushError } from '../../../../../common/errors.js';
import type { Logger } from '../../../../../common/logs/log.js';
import { PER_MILLISECOND } from '../../../../../common/push-id.js';
import { createPlanner, type Planner, type PlannerOptions } from '../../../../../core/delivery/waking/planner.js';
import { firstIdAt } from '../../../../../core/domain/id-clock.js';
import type { NewPush, PlannedWakes, WakePlan, WakeRecovery, WakesRecovered } from '../../../../../core/store/store.js';
import { eventually } from '../../../../support/eventually.js';

const LOG = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;
const HOUR = 3_600_000;
const APP = 1;
const LAST_PUSH = firstIdAt(Date.now() - 24 * HOUR);
const LATER = 20_000;
const NONE: WakesRecovered = { planned: 0, through: undefined, smsPushes: [] };

describe('the planner', () => {
  let planner: Planner;
  let plans: WakePlan[];
  let recovered: number[];
  let walked: number[];
  let planning: (plan: WakePlan) => PlannedWakes;
  let isEmpty = false;

  function start(recover: (recovery: WakeRecovery) => WakesRecovered = () => NONE): void {
    plans = [];
    recovered = [];
    walked = [];
    planning = () => ({ planned: 0, through: undefined });
    const commands = { planWakes: 'plan', recoverWakes: 'recover' };
    const cycle = {
      commands,
      async execute(command: string, input: WakePlan | WakeRecovery): Promise<unknown> {
        await nextTurn();
        if (command === 'plan') {
          plans.push(input as WakePlan);
          return planning(input as WakePlan);
        }
        const recovery = input as WakeRecovery;
        if (recovery.part === 'walks') walked.push(recovery.after);
        if (recovery.part === 'walks') return NONE;
        recovered.push(recovery.after);
        return recover(recovery);
      },
    };
    planner = createPlanner({
      // As much of a cycle as a planner uses.
      cycle: cycle as unknown as PlannerOptions['cycle'],
      directory: {
        hasAny: () => true,
        isEmpty: () => isEmpty,
        apps: () => [1],
        credentialFor: () => undefined,
        smsCredential: () => ({ num: 1, channel: 'SMS_WEBHOOK' }),
        hidesContent: () => false,
      },
      isOnline: (deviceNum) => deviceNum === 0,
      times: { unconfirmedMs: HOUR, graceMs: 0, smsMs: HOUR },
      planned() {},
      lastPush: LAST_PUSH,
      log: LOG,
    });
    planner.start();
  }

  afterEach(() => {
    isEmpty = false;
    return planner.stop();
  });

  it('commits nothing at a start where no app has a credential, and looks when the first has one', async () => {
    isEmpty = true;
    start();
    await nextTurn();
    expect(recovered).toEqual([]);
    isEmpty = false;
    planner.credentialSet();
    await eventually(() => recovered.length > 0);
  });

  function push(id: number, given: { deviceNum: number; sms?: boolean; needConfirm?: boolean }): NewPush {
    const { deviceNum, sms = false, needConfirm = false } = given;
    const header = { id, appNum: APP, wake: 'OFFLINE', createdAt: Date.now(), needConfirm };
    const target = { kind: 'directed', deliveries: [{ id, deviceNum }] };
    // As much of a push as a planner looks at.
    return { push: { ...header, content: sms ? { smsMessage: 's' } : {} }, target } as unknown as NewPush;
  }

  const plansOf = (pushId: number) => plans.filter(({ scope }) => scope.kind === 'push' && scope.pushId === pushId);
  const isPlanned = (id: number) => plans.some(({ scope }) => scope.kind === 'deliveries' && scope.ids.includes(id));

  it.each([{ sms: true }, { needConfirm: true }])(
    'wakes at once though very many wait for later: %o',
    async (given) => {
      start();
      for (let id = 1; id <= LATER; id += 5000) {
        planner.pushed(Array.from({ length: 5000 }, (_, index) => push(id + index, { ...given, deviceNum: 0 })));
        planner.pushed([push(1e6 + id, { deviceNum: 1 })]);
        await eventually(() => isPlanned(1e6 + id));
      }
      const before = recovered.length;
      planner.pushed([push(2e6, { ...given, deviceNum: 0 }), push(3e6, { deviceNum: 1 })]);
      await eventually(() => isPlanned(3e6));
      expect(recovered).toHaveLength(before);
      // The store keeps what is too much.
      expect(plansOf(2e6)).toHaveLength(1);
      expect(plansOf(2e6)[0]?.dueAt).toBeGreaterThan(Date.now());
      expect(plansOf(1)).toEqual([]);
    },
  );

  it('gives short messages that it finds again to the store, not to memory', async () => {
    const createdAt = Date.now() - 1;
    start(() => ({ ...NONE, smsPushes: [{ pushId: 7, appNum: APP, createdAt }] }));
    await eventually(() => plansOf(7).length === 1);
    expect(plansOf(7)).toMatchObject([{ sms: 'SMS_WEBHOOK', dueAt: createdAt + HOUR }]);
  });

  it('comes to the end of the inboxes while more is left out all the time', async () => {
    const flood = Array.from({ length: LATER + 1 }, (_, index) => push(index, { deviceNum: 0 }));
    start(({ after }) => {
      if (after < 3 && recovered.length < 10) planner.pushed(flood);
      return { ...NONE, through: after < 3 ? after + 1 : undefined };
    });
    await eventually(() => recovered.includes(3));
    await eventually(() => recovered.lastIndexOf(0) > recovered.indexOf(3));
  });

  it('walks again what was pushed in the ten minutes before the last push, whenever it begins', async () => {
    start();
    await eventually(() => walked.length > 0);
    expect(walked).toEqual([LAST_PUSH - 600_000 * PER_MILLISECOND]);
  });

  it('plans the topic pushes of a device page by page, and again where the store does not answer', async () => {
    start();
    const pages = [5, 9];
    let failures = 1;
    planning = ({ scope }) => {
      if (scope.kind === 'devices' && scope.after === 5 && failures-- > 0) throw new OnePushError('CORE_UNAVAILABLE');
      return { planned: 0, through: scope.kind === 'devices' ? pages.shift() : undefined };
    };
    planner.mayWait({ num: 7, appNum: APP }, { comesBack: false });
    const afters = () => plans.flatMap(({ scope }) => (scope.kind === 'devices' ? [scope.after] : []));
    await eventually(() => afters().length === 4);
    expect(afters()).toEqual([undefined, 5, 5, 9]);
  });
});
