import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import { ERRORS } from '../../../common/errors.js';
import { Body as CreateAppBody } from '../apps.js';
import { Body as RegisterBody } from '../register.js';
import {
  DeliveriesQuery,
  DeliveriesReport,
  DevicesQuery,
  DevicesReport,
  PushReport,
  RecallReport,
  TimelineQuery,
  TimelineReport,
} from '../reports/schemas.js';
import { Body as SendFields } from '../send.js';
import { type JsonSchema, propertiesOf, toJsonSchema } from './to-json-schema.js';

/** A method of a path. */
interface Operation {
  readonly path: string;
  readonly method: 'get' | 'post';
  readonly id: string;
  readonly summary: string;
  readonly tag: 'Devices' | 'Pushes' | 'Reports' | 'Apps';
  /** How its caller is known; absent: by what is in the request. */
  readonly security?: 'appKey' | 'adminToken' | 'deviceId';
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: TObject;
  readonly headers?: Readonly<Record<string, TSchema>>;
  readonly body?: keyof typeof SCHEMAS;
  readonly answer: keyof typeof SCHEMAS;
  /** Statuses of refusals, besides 400, 429 and 503. */
  readonly refusals: readonly number[];
}

const { 'Idempotency-Key': IdempotencyKey, ...sendFields } = SendFields.properties;
const Everyone = {
  anyOf: [
    toJsonSchema(SendFields.properties.audiences),
    { type: 'string', pattern: '^[Aa][Ll][Ll]$', description: 'Every device of the app' },
  ],
};

/** Schemas by the names that they have in the document. */
const SCHEMAS = {
  RegisterBody: toJsonSchema(RegisterBody),
  RegisterAnswer: toJsonSchema(Type.Object({ id: Type.String({ description: 'The device id: a bearer secret' }) })),
  Nothing: { type: 'object', properties: {} },
  SendBody: withAudiences(toJsonSchema(Type.Object(sendFields))),
  SendAnswer: toJsonSchema(
    Type.Object({
      requestId: Type.Optional(Type.String({ description: 'The id of the push; absent after a dry run' })),
      dryRun: Type.Optional(Type.Boolean()),
    }),
  ),
  CreateAppBody: toJsonSchema(CreateAppBody),
  CreatedApp: toJsonSchema(Type.Object({ id: Type.String(), name: Type.String(), appKey: Type.String() })),
  App: toJsonSchema(Type.Object({ id: Type.String(), name: Type.String() })),
  PushReport: toJsonSchema(PushReport),
  DeliveriesReport: toJsonSchema(DeliveriesReport),
  RecallReport: toJsonSchema(RecallReport),
  DevicesReport: toJsonSchema(DevicesReport),
  TimelineReport: toJsonSchema(TimelineReport),
  Error: toJsonSchema(
    Type.Object({
      code: Type.Integer({
        enum: [...new Set(Object.values(ERRORS).map(({ code }) => code))].toSorted((a, b) => a - b),
        description: 'The status followed by two digits',
      }),
      message: Type.String({ description: 'For people: it names every offending field' }),
      field: Type.Optional(Type.String({ description: 'The first of them' })),
      requestId: Type.Optional(Type.String({ description: 'Of an unexpected error: the log knows it by this' })),
    }),
  ),
} satisfies Record<string, JsonSchema>;

const REQUEST_ID = { requestId: 'What a send answered' };
const DEVICE_ID = { deviceId: 'What a registration answered' };
const OPERATIONS: readonly Operation[] = [
  {
    path: '/msgpush/register',
    method: 'post',
    id: 'register',
    summary: 'Register a device, or update it',
    tag: 'Devices',
    body: 'RegisterBody',
    answer: 'RegisterAnswer',
    refusals: [401, 403, 404, 413, 415],
  },
  {
    path: '/msgpush/unregister/{deviceId}',
    method: 'post',
    id: 'unregister',
    summary: 'End a registration',
    tag: 'Devices',
    parameters: DEVICE_ID,
    answer: 'Nothing',
    refusals: [404],
  },
  {
    path: '/msgpush/unregister',
    method: 'post',
    id: 'unregisterThis',
    summary: 'The same, with the id out of the address',
    tag: 'Devices',
    security: 'deviceId',
    answer: 'Nothing',
    refusals: [404],
  },
  {
    path: '/msgpush/rotate/{deviceId}',
    method: 'post',
    id: 'rotate',
    summary: 'Give a device another id',
    tag: 'Devices',
    parameters: DEVICE_ID,
    answer: 'RegisterAnswer',
    refusals: [404],
  },
  {
    path: '/msgpush/rotate',
    method: 'post',
    id: 'rotateThis',
    summary: 'The same, with the id out of the address',
    tag: 'Devices',
    security: 'deviceId',
    answer: 'RegisterAnswer',
    refusals: [404],
  },
  {
    path: '/msgpush/send',
    method: 'post',
    id: 'send',
    summary: 'Send a push',
    tag: 'Pushes',
    headers: { 'Idempotency-Key': IdempotencyKey },
    body: 'SendBody',
    answer: 'SendAnswer',
    refusals: [401, 403, 404, 409, 413, 415],
  },
  {
    path: '/msgpush/recall/{requestId}',
    method: 'post',
    id: 'recall',
    summary: 'Recall a push, or cancel a scheduled one',
    tag: 'Pushes',
    security: 'appKey',
    parameters: REQUEST_ID,
    answer: 'RecallReport',
    refusals: [401, 403, 404],
  },
  {
    path: '/msgpush/push/{requestId}',
    method: 'get',
    id: 'getPush',
    summary: 'What has become of a push',
    tag: 'Reports',
    security: 'appKey',
    parameters: REQUEST_ID,
    answer: 'PushReport',
    refusals: [401, 403, 404],
  },
  {
    path: '/msgpush/push/{requestId}/deliveries',
    method: 'get',
    id: 'listDeliveries',
    summary: 'What has become of a push, device by device',
    tag: 'Reports',
    security: 'appKey',
    parameters: REQUEST_ID,
    query: DeliveriesQuery,
    answer: 'DeliveriesReport',
    refusals: [401, 403, 404],
  },
  {
    path: '/msgpush/devices',
    method: 'get',
    id: 'listDevices',
    summary: 'The devices of a user, or those with a tag',
    tag: 'Reports',
    security: 'appKey',
    query: DevicesQuery,
    answer: 'DevicesReport',
    refusals: [401, 403],
  },
  {
    path: '/msgpush/devices/{deviceId}/timeline',
    method: 'get',
    id: 'deviceTimeline',
    summary: "What happened to a device's recent pushes",
    tag: 'Reports',
    security: 'appKey',
    parameters: DEVICE_ID,
    query: TimelineQuery,
    answer: 'TimelineReport',
    refusals: [401, 403, 404],
  },
  {
    path: '/apps',
    method: 'post',
    id: 'createApp',
    summary: 'Create an app',
    tag: 'Apps',
    security: 'adminToken',
    body: 'CreateAppBody',
    answer: 'CreatedApp',
    refusals: [401, 413, 415],
  },
  {
    path: '/apps/{id}',
    method: 'get',
    id: 'getApp',
    summary: 'Look an app up',
    tag: 'Apps',
    security: 'adminToken',
    parameters: { id: 'The id of the app' },
    answer: 'App',
    refusals: [401, 404],
  },
];

const TAGS: Readonly<Record<Operation['tag'], string>> = {
  Devices: 'Installations that receive messages',
  Pushes: 'Messages to devices, users, tags or everyone',
  Reports: 'What has become of pushes, and how devices stand',
  Apps: 'Business systems that may push',
};

/** Returns the OpenAPI 3.1 document of the REST interface, made from the schemas that check its requests. */
export function createOpenApi(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'ONE-PUSH',
      version: '1',
      summary: 'Push messages to the devices of users',
      description: 'Fields that are not listed are ignored, and null counts as absent. docs/contract.md says more.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The edge that serves this document' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        appKey: { type: 'http', scheme: 'basic', description: "The app's id and key" },
        deviceId: { type: 'http', scheme: 'bearer', description: 'The device id: a bearer secret' },
        adminToken: { type: 'http', scheme: 'bearer', description: 'An admin token' },
      },
    },
  };
}

function describe(operation: Operation): JsonSchema {
  const { id, summary, tag, security, parameters = {}, query, headers = {}, body, answer, refusals } = operation;
  const all = [
    ...Object.entries(parameters).map(([name, description]) => {
      return { name, in: 'path', required: true, description, schema: { type: 'string' } };
    }),
    ...Object.entries(query === undefined ? {} : propertiesOf(query)).map(toParameter('query')),
    ...Object.entries(headers).map(([name, schema]) => toParameter('header')([name, toJsonSchema(schema)])),
  ];
  return {
    operationId: id,
    summary,
    tags: [tag],
    security: security === undefined ? [] : [{ [security]: [] }],
    ...(all.length > 0 ? { parameters: all } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      200: { description: 'Done', content: contentOf(answer) },
      ...Object.fromEntries([...new Set([400, 429, 503, ...refusals])].map((status) => [status, refusalOf(status)])),
    },
  };
}

function toParameter(place: 'query' | 'header') {
  return ([name, { description, ...schema }]: [string, JsonSchema]) => ({ name, in: place, description, schema });
}

function contentOf(name: keyof typeof SCHEMAS): JsonSchema {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function refusalOf(status: number): JsonSchema {
  const reasons = Object.values(ERRORS).filter(({ code }) => Math.floor(code / 100) === status);
  return {
    description: [...new Set(reasons.map(({ message }) => message))].join('; or '),
    ...(reasons.some((row) => 'retryAfter' in row)
      ? { headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } } }
      : {}),
    content: contentOf('Error'),
  };
}

/** A single ALL may stand in place of the list. */
function withAudiences(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...(schema.properties as JsonSchema), audiences: Everyone } };
}
