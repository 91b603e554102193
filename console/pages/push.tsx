import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { type GetPushResponse, GetPushResponse_State as State } from '../../gen/onepush/v1/query_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import { numberOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Choice, Field } from '../parts/form.js';
import { DeviceButton } from '../parts/given.js';
import { Paged, usePages } from '../parts/pages.js';
import { Answered, Button, Card, Facts, Problem, Table } from '../parts/parts.js';
import { statesOf } from '../parts/states.js';
import { Time } from '../parts/time.js';
import { to } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { PUSH_STATES } from './push-list.js';

const { method } = PushCore;
const PAGE_SIZE = 50;
const EVERY_MS = 5000;
const COUNTS = [
  'targeted',
  'pending',
  'delivered',
  'confirmed',
  'expired',
  'evicted',
  'discarded',
  'recalled',
  'replaced',
  'cleared',
] as const;
/** The states of deliveries, in words. */
export const DELIVERY_STATES = statesOf<Exclude<keyof typeof DeliveryState, 'UNSPECIFIED'>>(DeliveryState, {
  PENDING: ['warn', 'pending'],
  DELIVERED: ['good', 'delivered'],
  CONFIRMED: ['good', 'confirmed'],
  EXPIRED: ['bad', 'expired'],
  EVICTED: ['bad', 'evicted'],
  DISCARDED: ['bad', 'discarded'],
  RECALLED: ['plain', 'recalled'],
  REPLACED: ['plain', 'replaced'],
  CLEARED: ['plain', 'cleared'],
});

/** One push: its content, what its deliveries have come to, and each of them. */
export function PushPage({ requestId, canRecall }: { requestId: string; canRecall: boolean }) {
  const answer = useAnswer((signal) => call(method.getPush, { requestId }, signal), [requestId], EVERY_MS);
  const { isBusy, error, run } = useAction();
  const recall = (): Promise<void> =>
    run(async () => {
      await call(method.recallPush, { requestId });
      answer.reload();
    });
  return (
    <>
      <p class="back">
        <a href={to('pushes')}>← {t('pushes')}</a>
      </p>
      <h1>
        {t('push')} {requestId}
      </h1>
      <Answered answer={answer}>
        {(push) => (
          <>
            <Card
              title={t('state')}
              actions={
                canRecall && push.state !== State.RECALLED && push.state !== State.EXPIRED ? (
                  <Confirmed
                    label={t('recall')}
                    question={t('recallQuestion', { name: requestId })}
                    isBusy={isBusy}
                    act={recall}
                  />
                ) : undefined
              }
            >
              <Problem text={error} />
              <Facts
                facts={[
                  [t('state'), <PUSH_STATES.StateBadge state={push.state} />],
                  [t('created'), <Time at={push.createdAt} />],
                  ...(push.sendAt === undefined ? [] : [[t('sendAt'), <Time at={push.sendAt} />] as const]),
                  [t('ends'), <Time at={push.expiresAt} />],
                  [t('needConfirm'), push.needConfirm ? t('yes') : t('no')],
                  ...(push.failure === '' ? [] : [[t('reason'), push.failure] as const]),
                ]}
              />
              {push.content === undefined ? (
                <p class="quiet">{t('erased')}</p>
              ) : (
                <blockquote class="notice" dir="auto">
                  {push.content.title !== '' && <strong>{push.content.title}</strong>}
                  <p>{push.content.alert}</p>
                </blockquote>
              )}
              <Counts push={push} />
            </Card>
            <Deliveries requestId={requestId} />
          </>
        )}
      </Answered>
    </>
  );
}

function Counts({ push: { reach, wakes } }: { push: GetPushResponse }) {
  const counts =
    reach.case === 'deliveries'
      ? COUNTS.map((name) => [t(name), numberOf(reach.value[name])] as const)
      : reach.case === 'topics'
        ? [
            [t('published'), numberOf(reach.value.published)] as const,
            [t('confirmed'), numberOf(reach.value.confirmed)] as const,
          ]
        : [];
  const woken =
    wakes === undefined
      ? []
      : ([
          [t('wakesAccepted'), numberOf(wakes.accepted)],
          [t('wakesFailed'), numberOf(wakes.failed)],
        ] as const);
  return (
    <>
      <h3>{t('deliveries')}</h3>
      <Facts facts={[...counts, ...woken]} />
    </>
  );
}

function Deliveries({ requestId }: { requestId: string }) {
  const [state, setState] = useState<keyof typeof DeliveryState>('UNSPECIFIED');
  const pages = usePages(
    (pageToken, signal) =>
      call(method.listDeliveries, { requestId, state: DeliveryState[state], pageSize: PAGE_SIZE, pageToken }, signal),
    [requestId, state],
  );
  return (
    <Card title={t('byDevice')} actions={<Button act={pages.answer.reload}>{t('reload')}</Button>}>
      <div class="row">
        <Field label={t('state')}>
          <Choice value={state} set={setState} options={[['UNSPECIFIED', t('any')], ...DELIVERY_STATES.options()]} />
        </Field>
      </div>
      <Paged pages={pages}>
        {({ deliveries }) => (
          <Table
            label={t('byDevice')}
            head={[t('device'), t('state'), t('time')]}
            empty={t('noDeliveries')}
            rows={deliveries.map((each) => [
              each.deviceId === '' ? (
                <span class="quiet">{t('deviceRemoved')}</span>
              ) : (
                <DeviceButton id={each.deviceId} />
              ),
              <DELIVERY_STATES.StateBadge state={each.state} />,
              <Time at={each.time} />,
            ])}
          />
        )}
      </Paged>
    </Card>
  );
}
