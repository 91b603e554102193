import { expect, it } from 'vitest';
import { SEND_TIMEOUT_MS } from '../../core/outbound/send-timeout.js';
import { message } from '../support/channels/vendor-message.js';
import { targetOf } from '../support/vendors/fixture.js';
import { CHANNEL_FIXTURES } from '../support/vendors/fixtures.js';

// The real time-out: a mock would hold for whatever file of this worker loads the channels first, or not for this one.
it('a channel whose vendor answers nothing, or late, does not know what became of the message, within the time-out', async () => {
  await Promise.all(
    CHANNEL_FIXTURES.map(async (fixture) => {
      const { name, kind } = fixture;
      const vendor = await fixture.start();
      const target = targetOf(fixture, vendor);
      const channel = kind.open(kind.parseSettings(vendor.settings));
      expect(await channel.send(target, message()), name).toEqual({ kind: 'accepted' });
      vendor.server.next({ kind: 'silence' }, { kind: 'late', ms: 3 * SEND_TIMEOUT_MS });
      const outcomes = await Promise.all([channel.send(target, message()), channel.send(target, message())]);
      expect(
        outcomes.map(({ kind: outcome }) => outcome),
        name,
      ).toEqual(['unknown', 'unknown']);
      expect(await channel.send(target, message()), name).toEqual({ kind: 'accepted' });
      await channel.close();
      await vendor.server.stop();
    }),
  );
});
