import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import type { CommandSpec } from '../command.js';
import { plain } from '../terminal.js';
import { toIso } from '../time.js';

/** `onepush watch`. */
export const watch: CommandSpec = {
  name: 'watch',
  summary: 'Follows how deliveries end, until Ctrl-C',
  options: [
    { flags: '--all', means: 'begin with the oldest receipt that is kept, not with what ends from now on' },
    { flags: '--limit <number>', means: 'end after so many receipts' },
  ],
  example: 'onepush watch --all --limit 1',
  json: {
    requestId: '244946072924160',
    messageId: '244946072924160',
    deviceId: '…',
    alias: 'alice',
    state: 'DELIVERED',
    time: '2026-11-26T09:00:00Z',
  },
  streams: true,
  async run({ connect, print, signal }, input) {
    const limit = input.integer('limit', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY;
    const client = await connect('app');
    // The stream itself would try for ever.
    await client.serverInfo({});
    let seen = 0;
    for await (const receipt of client.watchReceipts({ fromNow: !input.flag('all'), signal })) {
      const { requestId, messageId, deviceId, alias } = receipt;
      const state = DeliveryState[receipt.state] ?? 'UNSPECIFIED';
      const time = toIso(receipt.time);
      print(
        { requestId, messageId, deviceId, alias, state, time },
        `${time}  ${requestId}  ${state.padEnd(9)}  ${plain(alias) || '-'}  ${deviceId || '-'}`,
      );
      if (++seen >= limit) break;
    }
    return undefined;
  },
};
