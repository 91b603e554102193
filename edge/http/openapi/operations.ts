import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import { ConfirmQuery, EventsQuery } from '../../events/events.js';
import { HistoryQuery } from '../history.js';
import { DeliveriesQuery, DevicesQuery, TimelineQuery } from '../reports/schemas.js';
import { Body as SendFields } from '../send.js';
import type { SCHEMAS } from './schemas.js';

/** A method of a path. */
export interface Operation {
  /** Path, with its parameters in braces. */
  readonly path: string;
  /** HTTP method. */
  readonly method: 'get' | 'post';
  /** Name for generators of clients. */
  readonly id: string;
  /** A few words. */
  readonly summary: string;
  /** Group that it belongs to. */
  readonly tag: 'Devices' | 'Pushes' | 'Reports' | 'Apps';
  /** Credentials, any of these; absent: none but what is in the request. */
  readonly security?: readonly ('none' | 'appKey' | 'adminToken' | 'deviceId' | 'registrationToken')[];
  /** Parameters of the path, by name: what they mean. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Parameters of the query. */
  readonly query?: TObject;
  /** Headers by name. */
  readonly headers?: Readonly<Record<string, TSchema>>;
  /** Schema of the body; absent: there is none. */
  readonly body?: keyof typeof SCHEMAS;
  /** Schema of the answer. */
  readonly answer: keyof typeof SCHEMAS;
  /** Statuses of refusals, besides 400, 429 and 503. */
  readonly refusals: readonly number[];
}

const REQUEST_ID = { requestId: 'What a send answered' };
const DEVICE_ID = { deviceId: 'What a registration answered' };
/** Every method of every path that is for callers. */
export const OPERATIONS: readonly Operation[] = [
  {
    path: '/msgpush/register',
    method: 'post',
    id: 'register',
    summary: 'Register a device, or update it',
    tag: 'Devices',
    security: ['none', 'registrationToken', 'appKey'],
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
    security: ['deviceId'],
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
    security: ['deviceId'],
    answer: 'RegisterAnswer',
    refusals: [404],
  },
  {
    path: '/msgpush/events',
    method: 'get',
    id: 'receive',
    summary: 'Receive messages, as a stream or by long poll',
    tag: 'Devices',
    security: ['deviceId', 'none'],
    query: EventsQuery,
    headers: { 'Last-Event-ID': Type.Optional(Type.String({ description: 'The cursor of the last answer or event' })) },
    answer: 'Messages',
    refusals: [404],
  },
  {
    path: '/msgpush/confirm',
    method: 'post',
    id: 'confirm',
    summary: 'Confirm messages, or say what has been received',
    tag: 'Devices',
    security: ['deviceId', 'none'],
    query: ConfirmQuery,
    body: 'ConfirmBody',
    answer: 'Nothing',
    refusals: [404, 413, 415],
  },
  {
    path: '/msgpush/history',
    method: 'get',
    id: 'readHistory',
    summary: 'What a device was sent, newest first',
    tag: 'Devices',
    security: ['deviceId'],
    query: HistoryQuery,
    answer: 'History',
    refusals: [403, 404],
  },
  {
    path: '/msgpush/send',
    method: 'post',
    id: 'send',
    summary: 'Send a push',
    tag: 'Pushes',
    headers: { 'Idempotency-Key': SendFields.properties['Idempotency-Key'] },
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
    security: ['appKey'],
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
    security: ['appKey'],
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
    security: ['appKey'],
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
    security: ['appKey'],
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
    security: ['appKey'],
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
    security: ['adminToken'],
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
    security: ['adminToken'],
    parameters: { id: 'The id of the app' },
    answer: 'App',
    refusals: [401, 404],
  },
];
