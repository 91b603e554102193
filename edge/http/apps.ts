import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { Label, LIMITS } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import { decodeJson, parseJson } from '../../common/json/fault.js';
import { bearerOf } from '../device-id.js';
import type { CoreLink } from '../link/client.js';
import { CreateAppRequestSchema, GetAppRequestSchema, RegistrationMode } from '../link/wire.js';
import type { Exchange } from './exchange.js';
import { createFields } from './fields.js';
import { isJsonType, isNearlyJsonType, type JsonBody, parseObject } from './json-body.js';

/** The fields of POST /apps/. */
export const Body = Type.Object({ name: Label(LIMITS.name, 1) });
const fields = createFields(Body);

/** POST /apps/ */
export async function createApp(exchange: Exchange, link: CoreLink): Promise<void> {
  const { text: clientAddress } = exchange.client();
  const { contentType, isStrict } = exchange;
  // A bare name comes as text, and as what curl says of any `-d`.
  const isText = /^(text\/plain|application\/x-www-form-urlencoded)\s*(;|$)/i.test(contentType);
  const isJson = isJsonType(contentType) || (!isStrict && isNearlyJsonType(contentType));
  if (contentType !== '' && !isJson && !isText) throw new OnePushError('NOT_JSON_TYPE', { hint: 'or text/plain' });
  const { name } = fields.read(exchange, parseName(decodeJson(await exchange.readBody())));
  // As the documents of this path have it: whoever wants signed registrations makes the app by RPC, or changes it.
  const request = create(CreateAppRequestSchema, { name, registration: RegistrationMode.OPEN });
  const result = await link.call({
    appId: '',
    secret: bearerOf(exchange.authorization),
    request: { case: 'createApp', value: request },
    clientAddress,
  });
  if (result.case !== 'createApp') throw new Error(`unexpected answer ${result.case}`);
  const { id, name: kept, appKey } = result.value;
  exchange.sendJson({ id, name: kept, appKey });
}

/** GET /apps/{id} */
export async function getApp(exchange: Exchange, link: CoreLink): Promise<void> {
  const request = create(GetAppRequestSchema, { id: exchange.parameter });
  const result = await link.call({
    appId: '',
    secret: bearerOf(exchange.authorization),
    request: { case: 'getApp', value: request },
    clientAddress: exchange.client().text,
  });
  if (result.case !== 'getApp') throw new Error(`unexpected answer ${result.case}`);
  const { id, name } = result.value;
  exchange.sendJson({ id, name });
}

/** `{"name": …}`, a JSON string, or the bare name. */
function parseName(body: string): JsonBody {
  const text = body.trim();
  if (text.startsWith('{')) return { value: parseObject(text), text };
  return { value: { name: text.startsWith('"') ? parseJson(text) : text }, text };
}
