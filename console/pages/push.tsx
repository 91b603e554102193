import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { type GetPushResponse, GetPushResponse_State as State } from '../../gen/onepush/v1/query_pb.js';
import { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
import { numberOf } from '../format.js';
import { to, useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Choice, Field } from '../parts/form.js';
import { ShortId } from '../parts/given.js';
import { Answered, Badge, Card, Facts, Problem, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { type TextName, t } from '../texts/index.js';
import { Pager } from './pager.js';
import { PushState } from './push-list.js';

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
const STATES = {
  PENDING: 'pending',
  DELIVERED: 'delivered',
  CONFIRMED: 'confirmed',
  EXPIRED: 'expired',
  EVICTED: 'evicted',
  DISCARDED: 'discarded',
  RECALLED: 'recalled',
  REPLACED: 'replaced',
  CLEARED: 'cleared',
} as const satisfies Record<Exclude<keyof typeof DeliveryState, 'UNSPECIFIED'>, TextName>;
type StateName = keyof typeof STATES;
// Object.keys of a Record are its keys.
const STATE_NAMES = Object.keys(STATES) as StateName[];

const KINDS: Readonly<Partial<Record<StateName, 'good' | 'warn' | 'bad'>>> = {
  PENDING: 'warn',
  DELIVERED: 'good',
  CONFIRMED: 'good',
  EXPIRED: 'bad',
  EVICTED: 'bad',
  DISCARDED: 'bad',
};

/** The state of a delivery, as a word. */
export function DeliveryBadge({ state }: { state: DeliveryState }) {
  const name = STATE_NAMES.find((each) => DeliveryState[each] === state);
  return <Badge kind={(name && KINDS[name]) ?? 'plain'}>{deliveryStateOf(state)}</Badge>;
}

/** Returns the state of a delivery in words. */
export function deliveryStateOf(state: DeliveryState): string {
  const name = STATE_NAMES.find((each) => DeliveryState[each] === state);
  return name === undefined ? t('unknown') : t(STATES[name]);
}

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
                  [t('state'), <PushState state={push.state} />],
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
  const [state, setState] = useState<StateName | ''>('');
  const [tokens, setTokens] = useState<readonly string[]>(['']);
  const answer = useAnswer(
    (signal) =>
      call(
        method.listDeliveries,
        {
          requestId,
          state: state === '' ? DeliveryState.UNSPECIFIED : DeliveryState[state],
          pageSize: PAGE_SIZE,
          pageToken: tokens.at(-1) ?? '',
        },
        signal,
      ),
    [requestId, state, tokens],
  );
  return (
    <Card
      title={t('byDevice')}
      actions={
        <button type="button" onClick={answer.reload}>
          {t('reload')}
        </button>
      }
    >
      <div class="row">
        <Field label={t('state')}>
          <Choice
            value={state}
            set={(value) => {
              setTokens(['']);
              setState(value);
            }}
            options={[['', t('any')], ...STATE_NAMES.map((name) => [name, t(STATES[name])] as const)]}
          />
        </Field>
      </div>
      <Answered answer={answer}>
        {({ deliveries, nextPageToken }) => (
          <>
            <Table
              label={t('byDevice')}
              head={[t('device'), t('state'), t('time')]}
              empty={t('noDeliveries')}
              rows={deliveries.map((each) => [
                each.deviceId === '' ? (
                  <span class="quiet">{t('deviceRemoved')}</span>
                ) : (
                  <a href={to('devices', 'id', each.deviceId)}>
                    <ShortId id={each.deviceId} />
                  </a>
                ),
                <DeliveryBadge state={each.state} />,
                <Time at={each.time} />,
              ])}
            />
            <Pager tokens={tokens} next={nextPageToken} set={setTokens} />
          </>
        )}
      </Answered>
    </Card>
  );
}
