import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { ruled } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import type { AddressLimits } from '../address-limits.js';
import type { CoreLink } from '../link/client.js';
import { ReadHistoryRequestSchema } from '../link/wire.js';
import type { Exchange } from './exchange.js';
import { deviceIdOf } from './register.js';
import { createQueryFields } from './reports/query.js';

const MAX = { limit: 100, hours: 72 };
const DEFAULT = { limit: 50, hours: 24 };

/** Parameters of GET /msgpush/history. */
export const HistoryQuery = Type.Object({
  before: Type.Optional(
    Type.Integer(ruled('must be the id of a message', { minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  ),
  limit: Type.Optional(
    Type.Integer(ruled(`must be a whole number from 1 to ${MAX.limit}`, { minimum: 1, maximum: MAX.limit })),
  ),
  hours: Type.Optional(
    Type.Integer(ruled(`must be a whole number from 1 to ${MAX.hours}`, { minimum: 1, maximum: MAX.hours })),
  ),
});
const query = createQueryFields(HistoryQuery);

/** GET /msgpush/history */
export async function readHistory(
  exchange: Exchange,
  link: CoreLink,
  limits: Pick<AddressLimits, 'readingHistory' | 'unknownId'>,
): Promise<void> {
  const client = exchange.client();
  const deviceId = deviceIdOf(exchange);
  limits.readingHistory(client, deviceId);
  const { before = 0, limit = DEFAULT.limit, hours = DEFAULT.hours } = query.read(exchange);
  const value = create(ReadHistoryRequestSchema, { deviceId, before, limit, hours });
  const result = await link
    .call({ appId: '', secret: '', request: { case: 'readHistory', value }, clientAddress: client.text })
    .catch((error: unknown) => {
      const isUnknown = error instanceof OnePushError && error.reason === 'UNKNOWN_DEVICE';
      if (isUnknown && !client.isExempt) limits.unknownId(client.network);
      throw error;
    });
  if (result.case !== 'readHistory') throw new Error(`unexpected answer ${result.case}`);
  const { messages, before: next } = result.value;
  // Not parsed: `extra` is as it was written.
  exchange.sendJsonText(`{"messages":[${messages.join(',')}]${next > 0 ? `,"before":"${next}"` : ''}}`);
}
