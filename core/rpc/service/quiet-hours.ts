import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { ListQuietHoursResponseSchema, SetQuietHoursResponseSchema } from '../../../gen/onepush/v1/quiet_hours_pb.js';
import { fromSetQuietHours, toWireQuietHours } from '../wire/quiet-hours.js';
import { authenticate } from './auth.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods about times in which wakes wait. */
export function createQuietHoursHandlers({
  registry,
  cycle,
  queries,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'queries'>): Pick<PushCoreHandlers, 'setQuietHours' | 'listQuietHours'> {
  return {
    async setQuietHours(request, { credentials }) {
      const { subject, hours } = fromSetQuietHours(request);
      const app = await authenticate(registry, credentials);
      if (subject.kind === 'device') {
        const entry = registry.device(subject.deviceId);
        if (entry.loading !== undefined) await entry.loading;
        if (entry.value?.appNum !== app.num || !entry.value.registered) throw new OnePushError('UNKNOWN_DEVICE');
      }
      await cycle.execute(cycle.commands.setQuietHours, { appNum: app.num, subject, hours });
      return create(SetQuietHoursResponseSchema);
    },

    async listQuietHours({ aliases, deviceIds }, { credentials }) {
      const app = await authenticate(registry, credentials);
      const found = await queries.listQuietHours(app.num, aliases, deviceIds);
      return create(ListQuietHoursResponseSchema, { entries: found.map(toWireQuietHours) });
    },
  };
}
