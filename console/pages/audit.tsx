import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAnswer } from '../hooks.js';
import { Given } from '../parts/given.js';
import { Answered, Badge, Card, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { Pager } from './pager.js';

const PAGE_SIZE = 50;

/** Page of who changed what. `appId`: only of this app; empty: of all. */
export function AuditPage({ appId }: { appId: string }) {
  const [tokens, setTokens] = useState<readonly string[]>(['']);
  const answer = useAnswer(
    (signal) =>
      call(PushCore.method.listAuditLog, { appId, pageSize: PAGE_SIZE, pageToken: tokens.at(-1) ?? '' }, signal),
    [appId, tokens],
  );
  return (
    <>
      <h1>{t('audit')}</h1>
      <Card title={t('auditTitle')}>
        <Answered answer={answer}>
          {({ entries, nextPageToken }) => (
            <>
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
              <Pager tokens={tokens} next={nextPageToken} set={setTokens} />
            </>
          )}
        </Answered>
      </Card>
    </>
  );
}
