import { createContextValues } from '@connectrpc/connect';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { toConnectCalls } from '../../../../../core/rpc/connect/calls.js';
import { ADMISSION } from '../../../../../core/rpc/connect/door.js';
import type { PushCoreHandlers } from '../../../../../core/rpc/service/handlers.js';
import { appCall } from '../../../../support/callers.js';

it('a stream whose caller has gone is ended, and is no error of ours', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  let ended = false;
  async function* watchReceipts() {
    try {
      for (;;) yield {};
    } finally {
      ended = true;
    }
  }
  // Only this one is called.
  const calls = toConnectCalls({ watchReceipts } as unknown as PushCoreHandlers, log);
  const values = createContextValues().set(ADMISSION, appCall());
  const context = { values, requestHeader: new Headers(), signal: new AbortController().signal };
  // Connect's own type has more than is looked at.
  const stream = (calls.watchReceipts as unknown as (input: object, context: object) => AsyncGenerator)({}, context);
  await stream.next();
  await expect(stream.throw(new Error('write ECONNRESET'))).rejects.toThrow('ECONNRESET');
  expect({ ended, lines }).toEqual({ ended: true, lines: [] });
});
