import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, bearer, failureOf, PROTOCOLS, type PushCoreClient, pushCoreClient } from '../support/rpc.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, uniqueName } from '../support/users.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const NIGHT = { timeZone: 'Asia/Shanghai', from: '22:30', until: '07:05' };
const OF_APP = { subject: { case: 'app' as const, value: {} } };
const ofUser = (value: string) => ({ subject: { case: 'alias' as const, value } });
const ofDevice = (value: string) => ({ subject: { case: 'deviceId' as const, value } });

describe.each(PROTOCOLS)('quiet hours over %s', (protocol) => {
  let client: PushCoreClient;
  let app: ReturnType<typeof basic>;
  beforeAll(async () => {
    client = pushCoreClient(stack, protocol);
    const { id, appKey } = await client.createApp({ name: 'quiet' }, bearer(stack.adminToken));
    app = basic(id, appKey);
  });

  it('are set, told and removed, for the app, a user and a device', async () => {
    const alias = uniqueName();
    const own = basic(TEST_APP.appId, TEST_APP.appKey);
    const deviceId = await newDevice(stack.httpUrl, alias);
    await client.setQuietHours({ subject: OF_APP, hours: { ...NIGHT, until: '22:30' } }, app);
    await client.setQuietHours({ subject: ofUser(alias), hours: NIGHT }, own);
    await client.setQuietHours({ subject: ofDevice(deviceId), hours: { ...NIGHT, from: '00:00' } }, own);
    const { entries } = await client.listQuietHours({ aliases: [alias, 'nobody'], deviceIds: [deviceId] }, own);
    expect(entries).toMatchObject([
      { subject: ofUser(alias), hours: NIGHT },
      { subject: ofDevice(deviceId), hours: { ...NIGHT, from: '00:00' } },
    ]);
    const ofApp = await client.listQuietHours({ aliases: [alias] }, app);
    expect(ofApp.entries).toMatchObject([{ subject: OF_APP, hours: { from: '22:30', until: '22:30' } }]);
    for (const subject of [ofUser(alias), ofDevice(deviceId)]) await client.setQuietHours({ subject }, own);
    await client.setQuietHours({ subject: OF_APP }, app);
    expect((await client.listQuietHours({ aliases: [alias], deviceIds: [deviceId] }, own)).entries).toEqual([]);
    expect((await client.listQuietHours({}, app)).entries).toEqual([]);
    const another = failureOf(client.setQuietHours({ subject: ofDevice(deviceId), hours: NIGHT }, app));
    expect((await another).code).toBe(Code.NotFound);
  });

  it.each([
    ['subject', { hours: NIGHT }],
    ['subject.subject', { subject: {}, hours: NIGHT }],
    ['subject.alias', { subject: ofUser(''), hours: NIGHT }],
    ['hours.timeZone', { subject: OF_APP, hours: { ...NIGHT, timeZone: 'Europe/Nowhere' } }],
    ['hours.timeZone', { subject: OF_APP, hours: { ...NIGHT, timeZone: '+01:00' } }],
    ['hours.timeZone', { subject: OF_APP, hours: { ...NIGHT, timeZone: '' } }],
    ['hours.timeZone', { subject: OF_APP, hours: { ...NIGHT, timeZone: 'x'.repeat(65) } }],
    ['hours.from', { subject: OF_APP, hours: { ...NIGHT, from: '24:00' } }],
    ['hours.from', { subject: OF_APP, hours: { ...NIGHT, from: '' } }],
    ['hours.until', { subject: OF_APP, hours: { ...NIGHT, until: '7:05' } }],
  ])('are refused where %s is wrong: %j', async (field, request) => {
    expect((await failureOf(client.setQuietHours(request, app))).message).toContain(`${field} `);
  });
});
