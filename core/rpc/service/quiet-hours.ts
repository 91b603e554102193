import { create } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import { ListQuietHoursResponseSchema, SetQuietHoursResponseSchema } from '../../../gen/onepush/v1/quiet_hours_pb.js';
import { fromSetQuietHours, toWireQuietHours } from '../wire/quiet-hours.js';
import { appOf } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';

/** The methods about times in which wakes wait. */
export function createQuietHoursHandlers({
  registry,
  cycle,
  queries,
}: Pick<ServiceParts, 'registry' | 'cycle' | 'queries'>): Pick<PushCoreHandlers, 'setQuietHours' | 'listQuietHours'> {
  return {
    async setQuietHours(request, { caller }) {
      const { subject, hours } = fromSetQuietHours(request);
      const app = appOf(caller);
      if (subject.kind === 'device') {
        const entry = registry.device(subject.deviceId);
        if (entry.loading !== undefined) await entry.loading;
        if (entry.value?.appNum !== app.num || !entry.value.registered) throw new OnePushError('UNKNOWN_DEVICE');
      }
      await cycle.execute(cycle.commands.setQuietHours, { appNum: app.num, subject, hours });
      return create(SetQuietHoursResponseSchema);
    },

    async listQuietHours({ aliases, deviceIds }, { caller }) {
      const app = appOf(caller);
      const found = await queries.listQuietHours(app.num, aliases, deviceIds);
      return create(ListQuietHoursResponseSchema, { entries: found.map(toWireQuietHours) });
    },
  };
}
