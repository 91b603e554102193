import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { numberOf } from '../format.js';
import { useAnswer } from '../hooks.js';
import { Answered, Card, Table } from '../parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

/** The limits of an app, and what it uses of them. */
export function UsageCard({ appId }: { appId: string }) {
  const answer = useAnswer((signal) => call(PushCore.method.getUsage, { id: appId }, signal), [appId], 5000);
  return (
    <Card title={t('usage')}>
      <Answered answer={answer}>
        {({ limits }) => (
          <Table
            label={t('usage')}
            head={[t('limit'), t('used'), t('most'), t('refusedLastHour')]}
            empty={t('noLimits')}
            rows={limits.map(({ name, used, limit, own, refusedLastHour }) => [
              <code>{name}</code>,
              <>
                {numberOf(used)} {limit > 0 && <meter min={0} max={limit} value={used} aria-label={name} />}
              </>,
              limit === 0 ? t('unlimited') : `${numberOf(limit)}${own ? ` (${t('own')})` : ''}`,
              numberOf(refusedLastHour),
            ])}
          />
        )}
      </Answered>
    </Card>
  );
}
