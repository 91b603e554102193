import { inArray } from 'drizzle-orm';
import { isSmsChannel, type TokenDetails } from '../../domain/channel.js';
import { channelCodes, environmentCodes, tokenStateCodes } from '../sql/codes.js';
import { rowsFor, type SqlRunner, StoreFault, type Tables } from '../sql/driver.js';

/** The tokens of devices as their apps see them; a device without one is absent. */
export async function readTokens(
  { deviceTokens }: Tables,
  { db }: Pick<SqlRunner, 'db'>,
  deviceNums: readonly number[],
): Promise<Map<number, TokenDetails>> {
  const rows = await rowsFor(deviceNums, (chunk) =>
    db
      .select({
        deviceNum: deviceTokens.deviceNum,
        channel: deviceTokens.channel,
        environment: deviceTokens.environment,
        bundle: deviceTokens.bundle,
        registeredAt: deviceTokens.registeredAt,
        state: deviceTokens.state,
        stateAt: deviceTokens.stateAt,
        reason: deviceTokens.reason,
      })
      .from(deviceTokens)
      .where(inArray(deviceTokens.deviceNum, chunk)),
  );
  return new Map(
    rows.map(({ deviceNum, channel, environment, bundle, registeredAt, state, stateAt, reason }) => [
      deviceNum,
      {
        channel: tokenChannel(channel),
        environment: environmentCodes.fromCode(environment),
        bundle: bundle ?? undefined,
        state: tokenStateCodes.fromCode(state),
        since: stateAt ?? registeredAt,
        reason: reason ?? undefined,
        registeredAt,
      },
    ]),
  );
}

/** @throws StoreFault for a channel that has no tokens */
function tokenChannel(code: number): TokenDetails['channel'] {
  const channel = channelCodes.fromCode(code);
  if (isSmsChannel(channel)) throw new StoreFault('a device has a token of SMS');
  return channel;
}
