import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckOptions, checkDevice } from '../../cli/device-check/check.js';
import type { RuleResult } from '../../cli/device-check/verdicts.js';
import { onepush } from '../support/command.js';
import { ROOT, requireDist } from '../support/dist.js';

const folder = mkdtempSync(join(tmpdir(), 'onepush-check-'));
beforeAll(requireDist);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Checks a command of the shell. */
function check(command: string, more: Partial<CheckOptions> = {}): Promise<RuleResult[]> {
  const listen = { host: '127.0.0.1', port: 0 };
  const quiet = { only: undefined, isQuick: true, say: () => {}, log: () => {} };
  return checkDevice({ listen, command: `cd '${ROOT}' && exec ${command}`, ...quiet, ...more });
}
const broken = (results: RuleResult[]) =>
  results.filter(({ verdict }) => verdict === 'broken').map(({ rule, faults }) => `${rule} ${faults.join('; ')}`);
const unknown = (results: RuleResult[]) =>
  results.filter(({ verdict }) => verdict === 'unknown').map(({ rule }) => rule);
const own = (fault: string) =>
  `'${process.execPath}' test/support/device-check/own-client.mjs '${folder}/own-${fault}.json' ${fault}`;

/** Rules that only slow scenarios come to. */
const SLOW = ['C4', 'H1', 'H2', 'D4', 'B3'];

describe('the device check is passed by', () => {
  it.concurrent.each([
    ['the device package', 'test/support/device-check/package-client.mjs', [], SLOW],
    // It prints texts, and not what is in extra.
    ['the example for Node.js', 'examples/node/receive.mjs', ['"$DEVICE_CHECK_URL"', 'check', 'alice', '9999'], ['F6']],
    ['a client by hand', 'test/support/device-check/own-client.mjs', [], SLOW],
  ])('%s', { timeout: 180_000 }, async (_, file, args, unseen) => {
    const storage = `'${folder}/${file.replaceAll('/', '-')}.json'`;
    const results = await check(`'${process.execPath}' ${file} ${[...args, storage].join(' ')}`);
    expect(broken(results)).toEqual([]);
    expect(unknown(results).toSorted()).toEqual([...new Set([...SLOW, ...unseen])].toSorted());
  });
});

/** Faults of a client, the scenarios that show them, and the rules that they break. */
const FAULTS: [fault: string, only: string, rules: string[]][] = [
  ['new-token', 'registering', ['R1']],
  ['wrong-platform', 'registering', ['R2']],
  ['registers-always', 'restart', ['R3']],
  ['impatient', 'registering', ['R4']],
  ['insists', 'registration-refused', ['R5']],
  ['id-in-address', 'registering', ['C2']],
  ['two-connections', 'confirming', ['C3']],
  ['no-pong', 'frames', ['P1']],
  ['strict-fields', 'frames', ['F1']],
  ['strict', 'frames', ['F2']],
  ['disorder', 'frames', ['F3']],
  ['small-buffer', 'frames', ['F4']],
  ['ascii', 'frames', ['F5']],
  ['loses-digits', 'frames', ['F6']],
  ['says-hello', 'frames', ['F8']],
  ['no-confirm', 'confirming', ['K1']],
  ['confirms-all', 'confirming', ['K2']],
  ['confirms-once', 'confirming', ['K3']],
  ['no-dedupe', 'restart,confirming,cut', ['D1', 'D2', 'D3']],
  ['no-hint', 'going-away', ['X1']],
  ['ignores-4404', 'unknown-device', ['X2']],
  ['ignores-4429', 'closed-4429', ['X3']],
  ['ignores-4409', 'closed-4409', ['X4']],
  ['ignores-4410', 'closed-4410', ['X5']],
  ['keeps-4410', 'closed-4410', ['X5']],
  ['ignores-4400', 'closed-4400', ['X6']],
  ['gives-up', 'cut', ['X7']],
  ['storms', 'backoff', ['B1']],
];

describe('the device check finds', () => {
  it.concurrent.each(FAULTS)('the client that %s', { timeout: 60_000 }, async (fault, only, rules) => {
    // A pause of a second at most, and time for a slow machine.
    const pace = { promptMs: 5_000, quietMs: 2_500, comeBackMs: 4_000 };
    const results = await check(own(fault), { only: only.split(','), pace });
    expect(broken(results).map((told) => told.slice(0, 2))).toEqual(rules);
  });

  it.concurrent('pauses that are not random', async () => {
    const results = await check(own('no-jitter'), { only: ['backoff'], pace: { failures: 3 } });
    expect(broken(results).map((told) => told.slice(0, 2))).toEqual(['B2']);
  });

  it.concurrent('an implementation that does not come at all', async () => {
    const results = await check('true', { pace: { startWithinMs: 300 } });
    expect(broken(results)).toEqual(['R2 did not register within 0.3 s of its start']);
  });
});

describe('onepush device-check', () => {
  it('says it in JSON and by its exit code', async () => {
    const args = ['device-check', '--only', 'registering', '--json', '--run'];
    const client = `cd '${ROOT}' && exec '${process.execPath}' test/support/device-check/own-client.mjs`;
    const [good, bad] = await Promise.all([
      onepush([...args, `${client} '${folder}/good.json'`], {}),
      onepush([...args, `${client} '${folder}/bad.json' wrong-platform`], {}),
    ]);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(good.stdout)).toMatchObject({ passed: true, broken: 0, rules: expect.any(Array) });
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({ passed: false, broken: 1 });
  });

  it('refuses what it does not know', async () => {
    const told = await Promise.all([
      onepush(['device-check', '--only', 'registering,nothing'], {}),
      onepush(['device-check', '--listen', '127.0.0.1'], {}),
    ]);
    expect(told.map(({ code }) => code)).toEqual([2, 2]);
    expect(told[0]?.stderr).toContain('--only must be names of scenarios. They are registering, restart,');
  });
});
