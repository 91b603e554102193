import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import {
  type ListPushesRequestSchema,
  type ListPushesResponse_Push as Push,
  PushReach,
  GetPushResponse_State as State,
} from '../../gen/onepush/v1/query_pb.js';
import { numberOf } from '../format.js';
import { to, useAnswer } from '../hooks.js';
import { Choice, Field, Input } from '../parts/form.js';
import { Given } from '../parts/given.js';
import { Answered, Badge, Card, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { type TextName, t } from '../texts/index.js';
import { Pager } from './pager.js';

const PAGE_SIZE = 50;
/** Milliseconds after which a page is shown as far as it was found. */
const SEARCH_MS = 3000;
const STATES = {
  SCHEDULED: ['plain', 'scheduled'],
  RUNNING: ['warn', 'running'],
  SENT: ['good', 'sent'],
  EXPIRED: ['plain', 'expired'],
  RECALLED: ['warn', 'recalled'],
  FAILED: ['bad', 'failedPush'],
} as const satisfies Record<Exclude<keyof typeof State, 'UNSPECIFIED'>, readonly [string, TextName]>;
type StateName = keyof typeof STATES;
// Object.keys of a Record are its keys.
const STATE_NAMES = Object.keys(STATES) as StateName[];

/** The state of a push, as a word. */
export function PushState({ state }: { state: State }) {
  const name = STATE_NAMES.find((each) => State[each] === state);
  if (name === undefined) return null;
  const [kind, word] = STATES[name];
  return <Badge kind={kind}>{t(word)}</Badge>;
}

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
  const [state, setState] = useState<StateName | ''>('');
  const [reach, setReach] = useState<'' | 'DEVICES' | 'TOPICS'>('');
  const [from, setFrom] = useState('');
  const [tokens, setTokens] = useState<readonly string[]>(['']);
  const first = <T,>(set: (value: T) => void) => {
    return (value: T): void => {
      setTokens(['']);
      set(value);
    };
  };
  const answer = useAnswer(
    (signal) =>
      readPage(
        {
          state: state === '' ? State.UNSPECIFIED : State[state],
          reach: reach === '' ? PushReach.UNSPECIFIED : PushReach[reach],
          from: from === '' ? undefined : timestampFromDate(new Date(from)),
          pageToken: tokens.at(-1) ?? '',
        },
        signal,
      ),
    [state, reach, from, tokens],
  );
  return (
    <>
      <h1>{t('pushes')}</h1>
      <Card
        title={t('sentPushes')}
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
              set={first(setState)}
              options={[['', t('any')], ...STATE_NAMES.map((name) => [name, t(STATES[name][1])] as const)]}
            />
          </Field>
          <Field label={t('goesTo')}>
            <Choice
              value={reach}
              set={first(setReach)}
              options={[
                ['', t('any')],
                ['DEVICES', t('toDevices')],
                ['TOPICS', t('toTopics')],
              ]}
            />
          </Field>
          <Field label={t('sentSince')}>
            <Input value={from} set={first(setFrom)} type="datetime-local" />
          </Field>
        </div>
        <Answered answer={answer}>
          {({ pushes, nextPageToken }) => (
            <>
              <Table
                label={t('sentPushes')}
                head={[t('push'), t('text'), t('state'), t('goesTo'), t('devices'), t('created')]}
                empty={nextPageToken === '' ? t('noPushes') : t('noPushesHere')}
                numbers={[4]}
                rows={pushes.map((push) => [
                  <a href={to('pushes', push.requestId)}>{push.requestId}</a>,
                  push.alert === '' ? <span class="quiet">{t('erased')}</span> : <Given>{push.alert}</Given>,
                  <PushState state={push.state} />,
                  push.reach === PushReach.TOPICS ? t('toTopics') : t('toDevices'),
                  numberOf(push.devices),
                  <Time at={push.createdAt} />,
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
