import type { MessageInitShape } from '@bufbuild/protobuf';
import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import {
  type ListPushesRequestSchema,
  type ListPushesResponse_Push as Push,
  PushReach,
  GetPushResponse_State as State,
} from '../../gen/onepush/v1/query_pb.js';
import { numberOf, toTime } from '../format.js';
import { Choice, Field, Input } from '../parts/form.js';
import { Given } from '../parts/given.js';
import { Paged, usePages } from '../parts/pages.js';
import { Button, Card, Table } from '../parts/parts.js';
import { statesOf } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { to } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const PAGE_SIZE = 50;
/** Milliseconds after which a page is shown as far as it was found. */
const SEARCH_MS = 3000;
/** The states of pushes, in words. */
export const PUSH_STATES = statesOf<Exclude<keyof typeof State, 'UNSPECIFIED'>>(State, {
  SCHEDULED: ['plain', 'scheduled'],
  RUNNING: ['warn', 'running'],
  SENT: ['good', 'sent'],
  EXPIRED: ['plain', 'expired'],
  RECALLED: ['warn', 'recalled'],
  FAILED: ['bad', 'failedPush'],
});

/** Reads a page: one answer looks at some hundred pushes, and may have few of those that are asked for, or none. */
async function readPage(
  filter: MessageInitShape<typeof ListPushesRequestSchema>,
  signal: AbortSignal,
): Promise<{ pushes: Push[]; nextPageToken: string }> {
  const pushes: Push[] = [];
  let { pageToken = '' } = filter;
  const end = performance.now() + SEARCH_MS;
  do {
    const pageSize = PAGE_SIZE - pushes.length;
    const page = await call(PushCore.method.listPushes, { ...filter, pageSize, pageToken }, signal);
    pushes.push(...page.pushes);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && pushes.length < PAGE_SIZE && performance.now() < end);
  return { pushes, nextPageToken: pageToken };
}

/** The pushes of an app, the newest first, by state, kind and time. */
export function PushListPage() {
  const [state, setState] = useState<keyof typeof State>('UNSPECIFIED');
  const [reach, setReach] = useState<'UNSPECIFIED' | 'DEVICES' | 'TOPICS'>('UNSPECIFIED');
  const [from, setFrom] = useState('');
  const pages = usePages(
    async (pageToken, signal) =>
      readPage({ state: State[state], reach: PushReach[reach], from: toTime(from), pageToken }, signal),
    [state, reach, from],
  );
  return (
    <>
      <h1>{t('pushes')}</h1>
      <Card title={t('sentPushes')} actions={<Button act={pages.answer.reload}>{t('reload')}</Button>}>
        <div class="row">
          <Field label={t('state')}>
            <Choice value={state} set={setState} options={[['UNSPECIFIED', t('any')], ...PUSH_STATES.options()]} />
          </Field>
          <Field label={t('goesTo')}>
            <Choice
              value={reach}
              set={setReach}
              options={[
                ['UNSPECIFIED', t('any')],
                ['DEVICES', t('toDevices')],
                ['TOPICS', t('toTopics')],
              ]}
            />
          </Field>
          <Field label={t('sentSince')}>
            <Input value={from} set={setFrom} type="datetime-local" />
          </Field>
        </div>
        <Paged pages={pages}>
          {({ pushes, nextPageToken }) => (
            <Table
              label={t('sentPushes')}
              head={[t('push'), t('text'), t('state'), t('goesTo'), t('devices'), t('created')]}
              empty={nextPageToken === '' ? t('noPushes') : t('noPushesHere')}
              numbers={[4]}
              rows={pushes.map((push) => [
                <a href={to('pushes', push.requestId)}>{push.requestId}</a>,
                push.alert === '' ? <span class="quiet">{t('erased')}</span> : <Given>{push.alert}</Given>,
                <PUSH_STATES.StateBadge state={push.state} />,
                push.reach === PushReach.TOPICS ? t('toTopics') : t('toDevices'),
                numberOf(push.devices),
                <Time at={push.createdAt} />,
              ])}
            />
          )}
        </Paged>
      </Card>
    </>
  );
}
