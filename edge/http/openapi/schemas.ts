import { Type } from '@sinclair/typebox';
import { ERRORS } from '../../../common/errors.js';
import { ConfirmBody } from '../../events/events.js';
import { Body as CreateAppBody } from '../apps.js';
import { Body as RegisterBody } from '../register.js';
import { DeliveriesReport, DevicesReport, PushReport, RecallReport, TimelineReport } from '../reports/schemas.js';
import { Body as SendFields } from '../send.js';
import { type JsonSchema, toJsonSchema } from './to-json-schema.js';

const { 'Idempotency-Key': _, ...sendFields } = SendFields.properties;
const Everyone = {
  anyOf: [
    toJsonSchema(SendFields.properties.audiences),
    { type: 'string', pattern: '^[Aa][Ll][Ll]$', description: 'Every device of the app' },
  ],
};

/** Schemas by the names that they have in the document. */
export const SCHEMAS = {
  RegisterBody: toJsonSchema(RegisterBody),
  RegisterAnswer: toJsonSchema(Type.Object({ id: Type.String({ description: 'The device id: a bearer secret' }) })),
  Nothing: { type: 'object', properties: {} },
  ConfirmBody: toJsonSchema(ConfirmBody),
  Messages: toJsonSchema(
    Type.Object({
      messages: Type.Array(Type.Object({ id: Type.String() })),
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
      messages: Type.Array(Type.Object({ id: Type.String(), time: Type.String({ format: 'date-time' }) }), {
        description: 'As the device gets them, with their times',
      }),
      before: Type.Optional(Type.String({ description: 'Where to go on; absent: there is no more' })),
    }),
  ),
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

/** A single ALL may stand in place of the list. */
function withAudiences(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...(schema.properties as JsonSchema), audiences: Everyone } };
}
