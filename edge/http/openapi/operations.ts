import type { TObject } from '@sinclair/typebox';
import type { Reason } from '../../../common/errors.js';
import { ConfirmQuery, EventsQuery } from '../../events/events.js';
import { HistoryQuery } from '../history.js';
import { DeliveriesQuery, DevicesQuery, TimelineQuery } from '../reports/schemas.js';
import { Body as SendFields } from '../send.js';
import type { EXAMPLES } from './examples.js';
import { DELIVERIES, DEVICES, EVENTS, HISTORY, SEND, TIMELINE } from './meanings.js';
import type { SCHEMAS } from './schemas.js';
import { type JsonSchema, type Meanings, toJsonSchema, withMeaning } from './to-json-schema.js';

/** A method of a path. */
export interface Operation {
  /** Path, with its parameters in braces. */
  readonly path: string;
  /** HTTP method. */
  readonly method: 'get' | 'post';
  /** Name for generators of clients. */
  readonly id: keyof typeof EXAMPLES;
  /** A few words. */
  readonly summary: string;
  /** A sentence or two. */
  readonly description: string;
  /** Group that it belongs to. */
  readonly tag: 'Devices' | 'Pushes' | 'Reports' | 'Apps';
  /** Credentials, any of these; absent: none but what is in the request. */
  readonly security?: readonly ('none' | 'appKey' | 'adminToken' | 'deviceId' | 'registrationToken')[];
  /** Parameters of the path, by name: what they mean. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Parameters of the query. */
  readonly query?: TObject;
  /** Meanings of these. */
  readonly meanings?: Meanings;
  /** Headers by name. */
  readonly headers?: Readonly<Record<string, JsonSchema>>;
  /** Schema of the body; absent: there is none. */
  readonly body?: keyof typeof SCHEMAS;
  /** Schema of the answer. */
  readonly answer: keyof typeof SCHEMAS;
  /** Its refusals, besides those of ANY_REFUSALS. */
  readonly refusals: readonly Reason[];
  /** True where the answer is a stream of events unless the query asks for a list. */
  readonly streams?: boolean;
}

/** Refusals of every operation. */
export const ANY_REFUSALS: readonly Reason[] = [
  'AMBIGUOUS_REQUEST',
  'TLS_REQUIRED',
  'OVERLOADED',
  'LIMIT_REACHED',
  'UNEXPECTED',
  'CORE_UNAVAILABLE',
  'STORE_UNAVAILABLE',
];
const BODY_REFUSALS: readonly Reason[] = [
  'INVALID_FIELDS',
  'MALFORMED_JSON',
  'NOT_AN_OBJECT',
  'TOO_SLOW',
  'BODY_TOO_LARGE',
  'NOT_JSON_TYPE',
  'COMPRESSED',
];
const APP_REFUSALS: readonly Reason[] = ['WRONG_APP_KEY', 'APP_DISABLED', 'WRONG_SCOPE', 'UNKNOWN_APP'];
const TOKEN_REFUSALS: readonly Reason[] = [
  'REGISTRATION_TOKEN_MISSING',
  'REGISTRATION_TOKEN_MALFORMED',
  'REGISTRATION_TOKEN_EXPIRED',
  'REGISTRATION_TOKEN_EARLY',
  'REGISTRATION_KEY_UNKNOWN',
  'REGISTRATION_SIGNATURE_WRONG',
  'REGISTRATION_WRONG_APP',
  'REGISTRATION_WRONG_ALIAS',
  'REGISTRATION_WRONG_TAG',
  'REGISTRATION_WRONG_DEVICE',
  'REGISTRATION_KEYS_UNAVAILABLE',
];

const REQUEST_ID = { requestId: 'What a send answered' };
const DEVICE_ID = { deviceId: 'What a registration answered' };
/** Every method of every path that is for callers. */
export const OPERATIONS: readonly Operation[] = [
  {
    path: '/msgpush/register',
    method: 'post',
    id: 'register',
    summary: 'Register a device, or update it',
    description:
      'The same nativeToken is the same device, and its id. With another alias what waited for it is discarded.',
    tag: 'Devices',
    security: ['none', 'registrationToken', 'appKey'],
    body: 'RegisterBody',
    answer: 'RegisterAnswer',
    refusals: [...BODY_REFUSALS, ...APP_REFUSALS, ...TOKEN_REFUSALS, 'TOO_MANY_DEVICES', 'TOO_MANY_TAGS'],
  },
  {
    path: '/msgpush/unregister/{deviceId}',
    method: 'post',
    id: 'unregister',
    summary: 'End a registration',
    description: 'Ends its session, and what waits for it. Twice is fine.',
    tag: 'Devices',
    parameters: DEVICE_ID,
    answer: 'Nothing',
    refusals: ['UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/unregister',
    method: 'post',
    id: 'unregisterThis',
    summary: 'The same, with the id out of the address',
    description: 'For devices that keep their id out of the logs of proxies.',
    tag: 'Devices',
    security: ['deviceId'],
    answer: 'Nothing',
    refusals: ['UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/rotate/{deviceId}',
    method: 'post',
    id: 'rotate',
    summary: 'Give a device another id',
    description: 'The old id ends at once, with its session; what waits for the device waits for the new id.',
    tag: 'Devices',
    parameters: DEVICE_ID,
    answer: 'RegisterAnswer',
    refusals: ['UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/rotate',
    method: 'post',
    id: 'rotateThis',
    summary: 'The same, with the id out of the address',
    description: 'For devices that keep their id out of the logs of proxies.',
    tag: 'Devices',
    security: ['deviceId'],
    answer: 'RegisterAnswer',
    refusals: ['UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/events',
    method: 'get',
    id: 'receive',
    summary: 'Receive messages, as a stream or, with `wait`, by long poll',
    description:
      'For devices that cannot open a WebSocket. Messages come again until they are confirmed, or said to be received.',
    streams: true,
    tag: 'Devices',
    security: ['deviceId', 'none'],
    query: EventsQuery,
    meanings: EVENTS,
    headers: { 'Last-Event-ID': { type: 'string', description: 'The cursor of the last answer or event.' } },
    answer: 'Messages',
    refusals: ['INVALID_FIELDS', 'UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/confirm',
    method: 'post',
    id: 'confirm',
    summary: 'Confirm messages, or say what has been received',
    description:
      'A device confirms only what it was sent; an unknown id, or one that is confirmed already, does nothing.',
    tag: 'Devices',
    security: ['deviceId', 'none'],
    query: ConfirmQuery,
    meanings: { deviceId: EVENTS.deviceId },
    body: 'ConfirmBody',
    answer: 'Nothing',
    refusals: [...BODY_REFUSALS, 'UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/history',
    method: 'get',
    id: 'readHistory',
    summary: 'What a device was sent, newest first',
    description: 'For an app that has lost its storage. Nothing is confirmed, delivered or changed by it.',
    tag: 'Devices',
    security: ['deviceId'],
    query: HistoryQuery,
    meanings: HISTORY,
    answer: 'History',
    refusals: ['INVALID_FIELDS', 'APP_DISABLED', 'UNKNOWN_DEVICE'],
  },
  {
    path: '/msgpush/send',
    method: 'post',
    id: 'send',
    summary: 'Send a push',
    description: 'The answer comes when the push is stored: nothing loses it any more. To reach nobody is no error.',
    tag: 'Pushes',
    headers: {
      'Idempotency-Key': withMeaning(toJsonSchema(SendFields.properties['Idempotency-Key']), SEND['Idempotency-Key']),
    },
    body: 'SendBody',
    answer: 'SendAnswer',
    refusals: [...BODY_REFUSALS, ...APP_REFUSALS, 'IDEMPOTENCY_CONFLICT'],
  },
  {
    path: '/msgpush/recall/{requestId}',
    method: 'post',
    id: 'recall',
    summary: 'Recall a push, or cancel a scheduled one',
    description: 'What was not delivered is not delivered any more. Twice is fine.',
    tag: 'Pushes',
    security: ['appKey'],
    parameters: REQUEST_ID,
    answer: 'RecallReport',
    refusals: [...APP_REFUSALS, 'UNKNOWN_PUSH'],
  },
  {
    path: '/msgpush/push/{requestId}',
    method: 'get',
    id: 'getPush',
    summary: 'What has become of a push',
    description: 'Its state, and how many deliveries are in each.',
    tag: 'Reports',
    security: ['appKey'],
    parameters: REQUEST_ID,
    answer: 'PushReport',
    refusals: [...APP_REFUSALS, 'UNKNOWN_PUSH'],
  },
  {
    path: '/msgpush/push/{requestId}/deliveries',
    method: 'get',
    id: 'listDeliveries',
    summary: 'What has become of a push, device by device',
    description: 'Of a push to tags or to everyone: those that were confirmed.',
    tag: 'Reports',
    security: ['appKey'],
    parameters: REQUEST_ID,
    query: DeliveriesQuery,
    meanings: DELIVERIES,
    answer: 'DeliveriesReport',
    refusals: ['INVALID_FIELDS', ...APP_REFUSALS, 'UNKNOWN_PUSH'],
  },
  {
    path: '/msgpush/devices',
    method: 'get',
    id: 'listDevices',
    summary: 'The devices of a user, or those with a tag',
    description: 'Registered ones, and whether they are connected.',
    tag: 'Reports',
    security: ['appKey'],
    query: DevicesQuery,
    meanings: DEVICES,
    answer: 'DevicesReport',
    refusals: ['INVALID_FIELDS', ...APP_REFUSALS],
  },
  {
    path: '/msgpush/devices/{deviceId}/timeline',
    method: 'get',
    id: 'deviceTimeline',
    summary: "What happened to a device's recent pushes",
    description: 'Newest first, with how its vendors were asked to wake it.',
    tag: 'Reports',
    security: ['appKey'],
    parameters: DEVICE_ID,
    query: TimelineQuery,
    meanings: TIMELINE,
    answer: 'TimelineReport',
    refusals: ['INVALID_FIELDS', ...APP_REFUSALS, 'UNKNOWN_DEVICE'],
  },
  {
    path: '/apps',
    method: 'post',
    id: 'createApp',
    summary: 'Create an app',
    description:
      'Its key is shown here only. Whoever knows the id may register devices, until another rule is chosen over RPC.',
    tag: 'Apps',
    security: ['adminToken'],
    body: 'CreateAppBody',
    answer: 'CreatedApp',
    refusals: [...BODY_REFUSALS, 'WRONG_ADMIN_TOKEN'],
  },
  {
    path: '/apps/{id}',
    method: 'get',
    id: 'getApp',
    summary: 'Look an app up',
    description: 'Its id and its name.',
    tag: 'Apps',
    security: ['adminToken'],
    parameters: { id: 'The id of the app' },
    answer: 'App',
    refusals: ['WRONG_ADMIN_TOKEN', 'UNKNOWN_APP'],
  },
];
