import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { Given } from '../parts/given.js';
import { Paged, usePages } from '../parts/pages.js';
import { Badge, Card, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const PAGE_SIZE = 50;

/** Page of who changed what. `appId`: only of this app; empty: of all. */
export function AuditPage({ appId }: { appId: string }) {
  const pages = usePages(
    (pageToken, signal) => call(PushCore.method.listAuditLog, { appId, pageSize: PAGE_SIZE, pageToken }, signal),
    [appId],
  );
  return (
    <>
      <h1>{t('audit')}</h1>
      <Card title={t('auditTitle')}>
        <Paged pages={pages}>
          {({ entries }) => (
            <Table
              label={t('auditTitle')}
              head={[t('time'), t('actor'), t('did'), t('appId'), t('target'), t('address'), t('outcome')]}
              empty={t('noEntries')}
              rows={entries.map((entry) => [
                <Time at={entry.time} />,
                <Given>{entry.actorName || entry.actorId}</Given>,
                entry.method,
                <code>{entry.appId}</code>,
                <Given>{entry.target}</Given>,
                entry.address,
                entry.outcome === 'OK' ? 'OK' : <Badge kind="warn">{entry.outcome}</Badge>,
              ])}
            />
          )}
        </Paged>
      </Card>
    </>
  );
}
