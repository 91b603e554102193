import { timestampMs } from '@bufbuild/protobuf/wkt';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { Chart } from '../chart.js';
import { serverNow } from '../clock.js';
import { durationOf, numberOf } from '../format.js';
import { useAnswer } from '../hooks.js';
import { createHistory } from '../metrics.js';
import { Answered, Card, Facts, Table } from '../parts/parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const EVERY_MS = 2000;
/** Kept while other pages are shown. */
const history = createHistory();

/** Page of what the service does now. */
export function OverviewPage() {
  const answer = useAnswer(
    async (signal) => {
      const info = await call(PushCore.method.serverInfo, {}, signal);
      history.add(info, Date.now() / 1000, performance.now() / 1000);
      return { info, points: history.points() };
    },
    [],
    EVERY_MS,
  );
  return (
    <>
      <h1>{t('overview')}</h1>
      <Answered answer={answer}>
        {({ info, points }) => (
          <>
            <div class="charts">
              <Chart
                title={t('throughput')}
                unit="/s"
                points={points}
                series={[
                  ['accepted', t('accepted')],
                  ['delivered', t('delivered')],
                ]}
              />
              <Chart title={t('sessions')} unit="" points={points} series={[['sessions', t('open')]]} />
              <Chart title={t('latency')} unit="ms" points={points} series={[['latency', t('commit')]]} />
              <Chart title={t('waiting')} unit="" points={points} series={[['waiting', t('beforeCommit')]]} />
              <Chart
                title={t('wakes')}
                unit="/s"
                points={points}
                series={[
                  ['woken', t('wakesAccepted')],
                  ['notWoken', t('wakesNot')],
                ]}
              />
              <Chart title={t('store')} unit="/s" points={points} series={[['failures', t('storeFailures')]]} />
            </div>
            <Card title={t('server')}>
              <Facts
                facts={[
                  [t('version'), info.version],
                  [t('uptime'), uptimeOf(info.startedAt && timestampMs(info.startedAt))],
                  [t('core'), `${info.coreId} · ${t('epoch')} ${info.epoch}`],
                  [t('store'), `${info.store} ${info.storeVersion}`],
                  [t('features'), info.features.join(', ')],
                ]}
              />
            </Card>
            <Card title={t('edges')}>
              <Table
                label={t('edges')}
                head={[t('edge'), t('sessions')]}
                empty={t('noEdges')}
                numbers={[1]}
                rows={info.edges.map(({ id, sessions }) => [<code>{id}</code>, numberOf(sessions)])}
              />
            </Card>
          </>
        )}
      </Answered>
    </>
  );
}

function uptimeOf(startedAt: number | undefined): string {
  return startedAt === undefined ? '–' : durationOf((serverNow() - startedAt) / 1000);
}
