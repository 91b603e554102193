import { useState } from 'preact/hooks';
import { Channel, type ChannelCredential, ChannelState, TestResult } from '../../gen/onepush/v1/channel_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Answered, Badge, Button, Card, Problem, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { ChannelForm } from './channel-form.js';

const { method } = PushCore;
const STATES = {
  [ChannelState.UNSPECIFIED]: ['plain', 'unknown'],
  [ChannelState.READY]: ['good', 'ready'],
  [ChannelState.DOWN]: ['bad', 'down'],
  [ChannelState.TRYING]: ['warn', 'trying'],
  [ChannelState.LOCKED]: ['bad', 'locked'],
} as const;
const RESULTS = {
  [TestResult.UNSPECIFIED]: ['plain', 'unknown'],
  [TestResult.OK]: ['good', 'testOk'],
  [TestResult.REFUSED]: ['bad', 'testRefused'],
  [TestResult.UNREACHABLE]: ['bad', 'testUnreachable'],
  [TestResult.UNSUPPORTED]: ['plain', 'testUnsupported'],
} as const;

/** The vendors' credentials of an app, how they stand, the test of each, and the form that sets one. */
export function ChannelsCard({ appId }: { appId: string }) {
  const answer = useAnswer((signal) => call(method.listChannels, { appId }, signal), [appId]);
  const [replaced, setReplaced] = useState<ChannelCredential>();
  return (
    <>
      <Card title={t('channels')}>
        <Answered answer={answer}>
          {({ credentials }) => (
            <Table
              label={t('channels')}
              head={[
                t('name'),
                t('channel'),
                t('settings'),
                t('state'),
                t('lastSuccess'),
                t('lastFailure'),
                t('action'),
              ]}
              empty={t('noChannels')}
              keys={credentials.map(({ name }) => name)}
              rows={credentials.map((each) => [
                each.name,
                Channel[each.channel],
                <Settings of={each} />,
                <State of={each} />,
                <Time at={each.lastSuccessAt} relative />,
                <LastFailure of={each} />,
                <Actions appId={appId} of={each} changed={answer.reload} replace={() => setReplaced(each)} />,
              ])}
            />
          )}
        </Answered>
      </Card>
      <ChannelForm
        appId={appId}
        replaced={replaced}
        key={replaced === undefined ? '' : replaced.name}
        done={() => {
          setReplaced(undefined);
          answer.reload();
        }}
        cancel={() => setReplaced(undefined)}
      />
    </>
  );
}

function Settings({ of: { settings } }: { of: ChannelCredential }) {
  return (
    <ul class="bare">
      {Object.entries(settings).map(([name, value]) => (
        <li key={name}>
          <span class="quiet">{name}</span> <code>{value}</code>
        </li>
      ))}
    </ul>
  );
}

function State({ of: { state, reason } }: { of: ChannelCredential }) {
  const [kind, word] = STATES[state];
  return (
    <>
      <Badge kind={kind}>{t(word)}</Badge> {reason}
    </>
  );
}

function LastFailure({ of: { lastFailureAt, lastFailureReason } }: { of: ChannelCredential }) {
  if (lastFailureAt === undefined) return <>–</>;
  return (
    <>
      <Time at={lastFailureAt} relative /> {lastFailureReason}
    </>
  );
}

function Actions(props: { appId: string; of: ChannelCredential; changed: () => void; replace: () => void }) {
  const { appId, changed, replace } = props;
  const { name, createdAt } = props.of;
  const [result, setResult] = useState<{ kind: TestResult; reason: string }>();
  const { isBusy, error, run } = useAction();
  const test = (): Promise<void> =>
    run(async () => {
      setResult(undefined);
      const { result: kind, reason } = await call(method.testChannel, { appId, name });
      setResult({ kind, reason });
      changed();
    });
  const remove = (): Promise<void> =>
    run(async () => {
      await call(method.removeChannel, { appId, name });
      changed();
    });
  const [kind, word] = RESULTS[result?.kind ?? TestResult.UNSPECIFIED];
  return (
    <>
      <div class="actions">
        <Button isBusy={isBusy} act={test}>
          {t('test')}
        </Button>
        {/* That of the environment is not stored. */}
        {createdAt !== undefined && (
          <>
            <Button act={replace}>{t('replace')}</Button>
            <Confirmed
              label={t('remove')}
              question={t('removeChannelQuestion', { name })}
              isBusy={isBusy}
              act={remove}
            />
          </>
        )}
      </div>
      <span role="status">
        {isBusy && t('testing')}
        {result !== undefined && (
          <>
            <Badge kind={kind}>{t(word)}</Badge> {result.reason}
          </>
        )}
      </span>
      <Problem text={error} />
    </>
  );
}
