import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenApi } from '../../edge/http/openapi/document.js';
import { EXAMPLES, type Example } from '../../edge/http/openapi/examples.js';
import type { OpenApi, Operation, Schema } from '../../tools/rest-docs/openapi.js';
import { mismatches, spoil, valid } from '../support/openapi.js';
import { type Answer, post, request } from '../support/rest.js';
import { ADMIN_TOKEN, type Stack, startStack, TEST_APP } from '../support/stack.js';
import { newDevice, sendPush, uniqueName } from '../support/users.js';

// What the served document is compared with, first of all.
const DOCUMENT = createOpenApi() as unknown as OpenApi;
const { schemas } = DOCUMENT.components;
const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: operation.operationId, path, method, operation })),
);
/** For parameters of paths. */
const BAD_IDS = ['', '0', 'x', '../..', '%00', 'ffffffffffffffffffffffffffffffff', '9007199254740993', "'--", '🙂'];

let stack: Stack;
/** For the parameters of paths. */
let ids: { requestId: string; id: string; deviceId: string };
const alias = uniqueName();
beforeAll(async () => {
  // More than any field may have.
  stack = await startStack({ edgeEnv: { ONEPUSH_MAX_BODY_BYTES: '1000000' } });
  const deviceId = await newDevice(stack.httpUrl, alias);
  ids = { deviceId, requestId: await pushTo(alias), id: TEST_APP.appId };
});
afterAll(() => stack?.stop());

const pushTo = (user: string) => sendPush(stack.httpUrl, { audiences: [user], needConfirm: true });
const basic = (key: string) => `Basic ${btoa(`${TEST_APP.appId}:${key}`)}`;

/** The credentials of the first way that the operation names; none if that is to have none. */
function credentials({ security }: Operation, deviceId = '', isRight = true): Record<string, string> {
  const known: Record<string, string> = {
    appKey: basic(isRight ? TEST_APP.appKey : 'wrong'),
    adminToken: `Bearer ${isRight ? ADMIN_TOKEN : 'wrong'}`,
    deviceId: `Bearer ${isRight ? deviceId : 'f'.repeat(32)}`,
  };
  const authorization = known[Object.keys(security[0] ?? {})[0] ?? ''];
  return authorization === undefined ? {} : { authorization };
}

/** The parameters of the query as a schema of an object. */
function querySchema({ parameters = [] }: Operation): Schema {
  const asked = parameters.filter((parameter) => parameter.in === 'query');
  return { type: 'object', properties: Object.fromEntries(asked.map(({ name, schema }) => [name, schema])) };
}

function bodySchema({ requestBody }: Operation): Schema | undefined {
  const name = requestBody?.content['application/json'].schema.$ref?.split('/').at(-1);
  return name === undefined ? undefined : schemas[name];
}

/** Members in place of made-up ones: those that must fit each other, or what there is. */
const FIXED: Partial<Record<Operation['operationId'], { body?: object; query?: object }>> = {
  register: { body: { appId: TEST_APP.appId, push: undefined } },
  send: { body: { ...TEST_APP, sendAt: undefined, clearOnRead: undefined, push: undefined } },
  // A stream does not end.
  receive: { query: { wait: 0, deviceId: undefined } },
  confirm: { query: { deviceId: undefined } },
  listDevices: { query: { alias, tag: undefined, pageToken: undefined } },
  listDeliveries: { query: { pageToken: undefined } },
  deviceTimeline: { query: { pageToken: undefined } },
};

/** What a call is made of; `parameter` in place of every parameter of the path. */
interface Call {
  query?: unknown;
  body?: unknown;
  parameter?: string;
  headers?: Record<string, string>;
}

/** Those whose device, or push, is spent by them: each has its own. */
async function idsFor(name: Operation['operationId']): Promise<typeof ids> {
  if (/^(unregister|rotate)/.test(name)) return { ...ids, deviceId: await newDevice(stack.httpUrl, uniqueName()) };
  return name === 'recall' ? { ...ids, requestId: await pushTo(uniqueName()) } : ids;
}

async function call(
  { name, path, method, operation }: (typeof OPERATIONS)[number],
  { query, body, parameter, headers }: Call,
): Promise<Answer<object>> {
  const known: Record<string, string> = await idsFor(name);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(parameter ?? known[key] ?? ''));
  const asked = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(asked.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&'));
  return request(stack.httpUrl, `${filled}?${search}`, {
    method: method.toUpperCase(),
    headers: {
      ...credentials(operation, known.deviceId),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Does so with all of them at once. */
const each = <T>(items: readonly T[], act: (item: T) => Promise<void>) => Promise.all(items.map(act));

/** What is wrong with an answer by the document; empty: nothing. */
function faultsOf(operation: Operation, { status, body, headers, text }: Answer<object>): string[] {
  const response = operation.responses[status];
  if (response === undefined) return [`${status} is not documented: ${text}`];
  if (status === 204) return [];
  const name = response.content['application/json'].schema.$ref?.split('/').at(-1) ?? '';
  return [
    ...mismatches(body, schemas[name] ?? {}),
    ...(headers.get('content-type')?.startsWith('application/json') ? [] : ['no JSON by its head']),
    ...(status < 400 || Math.floor((body as { code: number }).code / 100) === status ? [] : ['another code']),
    ...(status < 400 || response.description.includes(String((body as { code: number }).code))
      ? []
      : [`${text} is not documented`]),
    ...([429, 503].includes(status) && headers.get('retry-after') === null ? ['no Retry-After'] : []),
  ];
}

it('the document is what the edge serves', async () => {
  const served = await request<OpenApi>(stack.httpUrl, '/openapi.json');
  expect(served.headers.get('content-type')).toContain('application/json');
  expect(served.body).toEqual(DOCUMENT);
  const etag = served.headers.get('etag') ?? '';
  const again = async (tags: string) =>
    (await fetch(`${stack.httpUrl}/openapi.json`, { headers: { 'if-none-match': tags } })).status;
  expect(await Promise.all([etag, `W/${etag}`, `"other", ${etag}`, '*', '"other"'].map(again))).toEqual([
    304, 304, 304, 304, 200,
  ]);
});

describe.concurrent.each(OPERATIONS)('$name of the OpenAPI document', (row) => {
  const { name, path, operation } = row;
  const query = querySchema(operation);
  const body = bodySchema(operation);
  const takesParameter = path.includes('{');
  const calls = () =>
    fc.record({
      query: valid(query, FIXED[name]?.query as Record<string, unknown>),
      body: body === undefined ? fc.constant(undefined) : valid(body, FIXED[name]?.body as Record<string, unknown>),
    });

  it('takes what it allows, and answers as it says', async () => {
    await fc.assert(
      fc.asyncProperty(calls(), async (made) => {
        const answer = await call(row, made);
        expect([answer.status, answer.text, ...faultsOf(operation, answer)]).toEqual([200, answer.text]);
      }),
      { numRuns: name === 'send' || name === 'register' ? 25 : 3 },
    );
  });

  it('takes its example', async () => {
    const { query: asked, body: given }: Example = EXAMPLES[name];
    const answer = await call(row, {
      query: asked && { ...asked, ...('wait' in asked ? { wait: 0 } : {}) },
      body: given,
    });
    expect([answer.status, answer.text, ...faultsOf(operation, answer)]).toEqual([200, answer.text]);
  });

  it('refuses what it does not allow by the name of the field', async () => {
    const [made] = fc.sample(calls(), 1);
    for (const [field, schema] of Object.entries(body?.properties ?? {})) {
      await each(spoil(schema), async (value) => {
        const answer = await call(row, { ...made, body: { ...(made?.body as object), [field]: value } });
        expect([field, value, answer.status, answer.body.field?.split(/[.[]/)[0]]).toEqual([field, value, 400, field]);
        expect(faultsOf(operation, answer)).toEqual([]);
      });
    }
    await each(body?.required ?? [], async (field) => {
      const answer = await call(row, { ...made, body: { ...(made?.body as object), [field]: undefined } });
      expect([field, answer.status, answer.body.field]).toEqual([field, 400, field]);
    });
    for (const [field, schema] of Object.entries(query.properties ?? {})) {
      const texts = spoil(schema).filter((spoilt) => typeof spoilt === 'string');
      await each(texts, async (value) => {
        const answer = await call(row, { ...made, query: { ...(made?.query as object), [field]: value } });
        // An id that cannot be one is nobody's.
        expect([field, answer.status]).toEqual([field, field === 'deviceId' ? 404 : 400]);
        expect(faultsOf(operation, answer)).toEqual([]);
      });
    }
  });

  it('answers as it says whatever stands in the path and for credentials', async () => {
    const [made] = fc.sample(calls(), 1);
    const wrong = [credentials(operation, '', false), { authorization: '' }, { authorization: 'Basic !' }];
    await each(wrong, async (headers) => {
      const answer = await call(row, { ...made, headers });
      expect([headers, answer.text, ...faultsOf(operation, answer)]).toEqual([headers, answer.text]);
    });
    await each(takesParameter ? BAD_IDS : [], async (parameter) => {
      const answer = await call(row, { ...made, parameter });
      // Without it, the path is another one.
      if (parameter === '' || parameter === '../..') expect([404, 405]).toContain(answer.status);
      else expect([parameter, answer.text, ...faultsOf(operation, answer)]).toEqual([parameter, answer.text]);
      expect([parameter, answer.status < 500 && answer.status >= 400]).toEqual([parameter, true]);
    });
  });

  it('is refused by another method, which names those that there are', async () => {
    const others = ['PUT', 'DELETE', 'PATCH', row.method === 'get' ? 'POST' : 'GET'];
    await each(others, async (method) => {
      const answer = await request(stack.httpUrl, path.replaceAll(/\{\w+\}/g, 'x'), { method });
      expect([method, answer.status, answer.body.code]).toEqual([method, 405, 40501]);
      expect(answer.headers.get('allow')).toContain(row.method.toUpperCase());
    });
  });
});

it('a body that is none, or of another type, is refused as each operation says', async () => {
  for (const row of OPERATIONS.filter(({ operation }) => operation.requestBody !== undefined)) {
    const heads = credentials(row.operation, ids.deviceId);
    for (const text of ['', '{', '5', '[]', 'null', '{"a":1}', '\u0000']) {
      const answer = await post<object>(stack.httpUrl, row.path, text, heads);
      const isName = row.name === 'createApp' && answer.status === 200;
      const isEmpty = row.name === 'confirm' && answer.status === 200;
      expect([row.name, text, isName || isEmpty || answer.status === 400]).toEqual([row.name, text, true]);
      expect(faultsOf(row.operation, answer)).toEqual([]);
    }
    for (const [header, value] of [
      ['content-type', 'image/png'],
      ['content-encoding', 'gzip'],
    ] as const) {
      const answer = await post<object>(stack.httpUrl, row.path, '{}', { ...heads, [header]: value });
      expect([row.name, answer.status]).toEqual([row.name, 415]);
      expect(faultsOf(row.operation, answer)).toEqual([]);
    }
  }
});
