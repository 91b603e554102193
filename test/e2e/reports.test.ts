import { FormatRegistry, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DeliveriesReport,
  DevicesReport,
  PushReport,
  RecallReport,
  TimelineReport,
} from '../../edge/http/reports/schemas.js';
import { connectDevice } from '../support/device.js';
import { eventually } from '../support/eventually.js';
import { post, registerDevice, request } from '../support/rest.js';
import { type Stack, startStack, TEST_APP } from '../support/stack.js';
import { uniqueName } from '../support/users.js';

FormatRegistry.Set('date-time', (value) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value));

const basic = (id: string, key: string) => `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`;
const APP = { authorization: basic(TEST_APP.appId, TEST_APP.appKey) };
const LARGE = '{"id":12345678901234567890,"price":1.10}';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

/** GET, or POST without a body, by the app. What succeeds is as its schema says, whatever it is. */
async function ask(path: string, schema: TSchema, method = 'GET', headers: Record<string, string> = APP) {
  const answer = await request<Record<string, unknown>>(stack.httpUrl, path, { method, headers });
  if (answer.status === 200) expect([...Value.Errors(schema, answer.body)].map(({ path: at }) => at)).toEqual([]);
  return answer;
}

async function device(alias: string, tag: string[] = []): Promise<string> {
  const body = { alias, appId: TEST_APP.appId, platform: 'ANDROID' as const, nativeToken: uniqueName(), tag };
  return (await registerDevice(stack.httpUrl, body)).body.id;
}

async function send(body: Record<string, unknown>, headers: Record<string, string> = {}) {
  return post<{ requestId: string; dryRun?: boolean }>(
    stack.httpUrl,
    '/msgpush/send',
    { ...TEST_APP, alert: 'hi', ...body },
    headers,
  );
}

describe('reports over REST', () => {
  it('tell what has become of a push, with extra to the digit, and end it', async () => {
    const alias = uniqueName();
    const online = connectDevice(stack.wsUrl, await device(alias));
    await online.opened;
    const away = await device(alias);
    const { text } = await request(stack.httpUrl, '/msgpush/send', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...TEST_APP,
        alert: 'hi',
        audiences: [alias],
        collapseKey: 'c',
        priority: 'high',
      }).replace(/}$/, `,"extra":${LARGE}}`),
    });
    const { requestId } = JSON.parse(text);
    const path = `/msgpush/push/${requestId}`;
    const report = await eventually(async () => {
      const answer = await ask(path, PushReport);
      return (answer.body.deliveries as { delivered: number } | undefined)?.delivered === 1 && answer;
    });
    expect(report.text).toContain(`"extra":${LARGE}`);
    expect(report.body).toMatchObject({
      requestId,
      state: 'SENT',
      platform: 'ALL',
      collapseKey: 'c',
      priority: 'HIGH',
      deliveries: { targeted: 2, delivered: 1, pending: 1 },
      content: { alert: 'hi' },
    });

    const pending = await ask(`${path}/deliveries?state=pending`, DeliveriesReport);
    expect(pending.body).toEqual({ deliveries: [{ deviceId: away, messageId: requestId, state: 'PENDING' }] });
    const first = await ask(`${path}/deliveries?pageSize=1`, DeliveriesReport);
    expect(first.body.deliveries).toHaveLength(1);
    const token = encodeURIComponent(String(first.body.nextPageToken));
    const second = await ask(`${path}/deliveries?pageSize=1&pageToken=${token}`, DeliveriesReport);
    expect(second.body.deliveries).toHaveLength(1);
    expect(second.body.deliveries).not.toEqual(first.body.deliveries);

    const { body: timeline } = await ask(`/msgpush/devices/${away}/timeline`, TimelineReport);
    expect(timeline.entries).toMatchObject([{ requestId, state: 'PENDING', topic: false, wakes: [] }]);

    expect((await ask(`/msgpush/recall/${requestId}`, RecallReport, 'POST')).body).toEqual({ recalled: 1 });
    const recalled = (await ask(path, PushReport)).body;
    expect(recalled).toMatchObject({ state: 'RECALLED', deliveries: { pending: 0, recalled: 1 } });
    expect(recalled).not.toHaveProperty('content');
    await online.close();
  });

  it('list the devices of a user, or with a tag', async () => {
    const [alias, tag] = [uniqueName(), uniqueName()];
    const id = await device(alias, [tag]);
    const online = connectDevice(stack.wsUrl, id);
    await online.opened;
    for (const query of [`alias=${alias}`, `tag=${tag}&unknown=1`]) {
      const { body } = await eventually(async () => {
        const answer = await ask(`/msgpush/devices?${query}`, DevicesReport);
        return JSON.stringify(answer.body).includes('onlineSince') && answer;
      });
      expect(body.devices).toMatchObject([{ deviceId: id, alias, platform: 'ANDROID', tag: [tag] }]);
    }
    await online.close();
  });

  it('show a push that is scheduled, and cancel it', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await send({ audiences: [uniqueName()], sendAt });
    const report = await ask(`/msgpush/push/${body.requestId}`, PushReport);
    expect(report.body).toMatchObject({ state: 'SCHEDULED', sendAt, messageIds: [] });
    await ask(`/msgpush/recall/${body.requestId}`, RecallReport, 'POST');
    expect((await ask(`/msgpush/push/${body.requestId}`, PushReport)).body.state).toBe('RECALLED');
  });

  it('only check a push that is a dry run', async () => {
    expect((await send({ audiences: [uniqueName()], dryRun: true })).body).toEqual({ dryRun: true });
    expect((await send({ audiences: ['x'], sendAt: '2026-01-01 08:00' })).body).toMatchObject({ field: 'sendAt' });
    const late = new Date(Date.now() + 8 * 86_400_000).toISOString();
    expect((await send({ audiences: ['x'], sendAt: late })).body).toMatchObject({ code: 40001, field: 'sendAt' });
  });

  it('are for the app itself', async () => {
    const { body } = await send({ audiences: [uniqueName()] });
    const created = await post<{ id: string; appKey: string }>(
      stack.httpUrl,
      '/apps',
      { name: 'other' },
      {
        authorization: `Bearer ${stack.adminToken}`,
      },
    );
    const other = { authorization: basic(created.body.id, created.body.appKey) };
    const paths = [
      `push/${body.requestId}`,
      `push/${body.requestId}/deliveries`,
      `devices/${await device('u')}/timeline`,
    ];
    for (const path of paths) {
      const [foreign, wrong, none] = await Promise.all([
        ask(`/msgpush/${path}`, PushReport, 'GET', other),
        ask(`/msgpush/${path}`, PushReport, 'GET', { authorization: basic(TEST_APP.appId, 'wrong') }),
        ask(`/msgpush/${path}`, PushReport, 'GET', {}),
      ]);
      expect(foreign.status).toBe(404);
      expect([wrong, none].map(({ status }) => status)).toEqual([401, 401]);
      expect(none.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
    const foreign = await ask(`/msgpush/recall/${body.requestId}`, RecallReport, 'POST', other);
    expect(foreign.status).toBe(404);
  });

  it('ask for credentials before all else, and each 401 says which', async () => {
    const without = await ask('/msgpush/devices?alias=a&tag=b', DevicesReport, 'GET', {});
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="ONE-PUSH", charset="UTF-8"',
    ]);
    const app = await request(stack.httpUrl, '/apps/x');
    expect([app.status, app.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="ONE-PUSH"']);
    // No scheme for which a browser asks its user for a password.
    const sent = await post(stack.httpUrl, '/msgpush/send', { ...TEST_APP, appKey: 'x', audiences: ['a'], alert: 'x' });
    expect([sent.status, sent.headers.get('www-authenticate')]).toEqual([401, 'AppKey realm="ONE-PUSH"']);
  });

  it('take ids with percent signs as what they stand for', async () => {
    const body = { ...TEST_APP, audiences: [uniqueName()], alert: 'x' };
    const { requestId } = (await post<{ requestId: string }>(stack.httpUrl, '/msgpush/send', body)).body;
    const answer = await ask(`/msgpush/push/%3${requestId}`, PushReport);
    expect(answer.body).toMatchObject({ requestId });
    for (const wrong of ['%', '%zz', '%ff']) {
      expect((await ask(`/msgpush/push/${wrong}`, PushReport)).status).toBe(404);
    }
  });

  it.each([
    ['push/x', 404, undefined],
    ['push/99999999999999999999', 404, undefined],
    ['push/%00', 404, undefined],
    ['push/1/deliveries?state=gone', 400, 'state'],
    ['push/1/deliveries?pageSize=0', 400, 'pageSize'],
    ['push/1/deliveries?pageSize=1001', 400, 'pageSize'],
    ['push/1/deliveries?pageSize=ten', 400, 'pageSize'],
    ['push/1/deliveries?pageSize=1&pageSize=2', 400, 'pageSize'],
    ['devices', 400, 'alias'],
    ['devices?alias=a&tag=b', 400, 'alias'],
    ['devices?alias=', 400, 'alias'],
    [`devices?alias=${'x'.repeat(256)}`, 400, 'alias'],
    ['devices?alias=a&pageToken=x', 400, 'pageToken'],
    ['devices/unknown/timeline', 404, undefined],
  ])('answer %s with %i', async (path, status, field) => {
    const answer = await ask(`/msgpush/${path}`, PushReport);
    expect([answer.status, answer.body.field]).toEqual([status, field]);
  });
});
