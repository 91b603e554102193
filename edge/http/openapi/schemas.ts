import { Type } from '@sinclair/typebox';
import { ERRORS } from '../../../common/errors.js';
import { ConfirmBody } from '../../events/events.js';
import { Body as CreateAppBody } from '../apps.js';
import { Notification } from '../notification.js';
import { Body as RegisterBody } from '../register.js';
import {
  DeliveriesReport,
  DevicesReport,
  OneOf,
  PushReport,
  RecallReport,
  TimelineReport,
} from '../reports/schemas.js';
import { Body as SendFields } from '../send.js';
import { VendorToken } from '../vendor-token.js';
import { CONFIRM, CREATE_APP, NOTIFICATION, REGISTER, SEND, VENDOR_TOKEN } from './meanings.js';
import { explain, type JsonSchema, toJsonSchema, withMeaning } from './to-json-schema.js';

const { 'Idempotency-Key': _, ...sendFields } = SendFields.properties;
const Message = Type.Object(
  {
    id: Type.String({ description: 'The same in each repetition, and the `requestId` of the send' }),
    appId: Type.String(),
    tenantCode: Type.String(),
    alert: Type.String(),
    extra: Type.Optional(Type.Unknown()),
    pushMsgType: OneOf(['MSG', 'CMD']),
    needConfirm: Type.Boolean(),
    clearOnRead: Type.Optional(Type.Boolean()),
    sound: Type.Optional(Type.String()),
    badge: Type.Optional(Type.Integer()),
  },
  { title: 'Message', description: 'What a device gets' },
);

/** Schemas by the names that they have in the document. */
export const SCHEMAS = {
  RegisterBody: withMembers(explain(RegisterBody, REGISTER), {
    push: withMeaning(explain(VendorToken, VENDOR_TOKEN), REGISTER.push),
  }),
  RegisterAnswer: toJsonSchema(Type.Object({ id: Type.String({ description: 'The device id: a bearer secret' }) })),
  Nothing: { type: 'object', properties: {} },
  ConfirmBody: explain(ConfirmBody, CONFIRM),
  Messages: toJsonSchema(
    Type.Object({
      messages: Type.Array(Message),
      cleared: Type.Optional(
        Type.Array(Type.String(), { description: 'Messages that were read on another device of the user' }),
      ),
      cursor: Type.Optional(Type.String({ description: 'The Last-Event-ID of the next request' })),
      close: Type.Optional(
        Type.Object({ code: Type.Integer({ description: 'As the close codes of WebSockets' }), reason: Type.String() }),
      ),
    }),
  ),
  History: toJsonSchema(
    Type.Object({
      messages: Type.Array(Type.Composite([Message, Type.Object({ time: Type.String({ format: 'date-time' }) })]), {
        description: 'As the device gets them, with their times',
      }),
      before: Type.Optional(Type.String({ description: 'Where to go on; absent: there is no more' })),
    }),
  ),
  SendBody: withMembers(explain(Type.Object(sendFields), SEND), {
    push: withMeaning(explain(Notification, NOTIFICATION), SEND.push),
  }),
  SendAnswer: toJsonSchema(
    Type.Object({
      requestId: Type.Optional(Type.String({ description: 'The id of the push; absent after a dry run' })),
      dryRun: Type.Optional(Type.Boolean()),
    }),
  ),
  CreateAppBody: explain(CreateAppBody, CREATE_APP),
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
      limit: Type.Optional(Type.String({ description: 'The limit that is reached' })),
      requestId: Type.Optional(Type.String({ description: 'Of an unexpected error: the log knows it by this' })),
    }),
  ),
} satisfies Record<string, JsonSchema>;

/** The same with other members in place of its own. */
function withMembers(schema: JsonSchema, members: Readonly<Record<string, JsonSchema>>): JsonSchema {
  // Those of an object's schema are schemas by their names.
  return { ...schema, properties: { ...(schema.properties as JsonSchema), ...members } };
}
