import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { OnePushError } from '../../../common/errors.js';
import { ListAuditLogResponseSchema } from '../../../gen/onepush/v1/access_pb.js';
import type { AuditFilter } from '../../domain/access.js';
import { toWireAuditEntry } from '../wire/access.js';
import type { Caller } from './caller.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { pageLimit, parsePageToken, toToken } from './page-tokens.js';

/** The method that shows who has changed what. */
export function createAuditLogHandlers({
  access,
}: Pick<ServiceParts, 'access'>): Pick<PushCoreHandlers, 'listAuditLog'> {
  return {
    async listAuditLog({ appId, actorId, from, until, pageSize, pageToken }, { caller }) {
      const filter: AuditFilter = {
        appId: appToShow(caller, appId),
        actorId: actorId || undefined,
        from: from && timestampMs(from),
        until: until && timestampMs(until),
      };
      const listing = `audit ${JSON.stringify(filter)}`;
      const [before = Number.MAX_SAFE_INTEGER] = parsePageToken(listing, pageToken) ?? [];
      const limit = pageLimit(pageSize);
      const entries = await access.listAuditLog(filter, before, limit);
      const last = entries.length < limit ? undefined : entries.at(-1);
      return create(ListAuditLogResponseSchema, {
        entries: entries.map(toWireAuditEntry),
        nextPageToken: last === undefined ? '' : toToken(listing, [last.num]),
      });
    },
  };
}

/** The app whose entries are shown; undefined: all, which is for admins. */
function appToShow(caller: Caller, asked: string): string | undefined {
  if (caller.kind !== 'app') return asked || undefined;
  if (asked !== '' && asked !== caller.app.id) {
    throw new OnePushError('WRONG_APP_KEY', { hint: 'it is the key of another app' });
  }
  return caller.app.id;
}
