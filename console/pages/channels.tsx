import { useState } from 'preact/hooks';
import { Channel, ChannelState, TestResult } from '../../gen/onepush/v1/channel_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { timeOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Answered, Badge, Card, Choice, Confirmed, Field, Input, Problem, Table } from '../parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
const STATES = {
  [ChannelState.UNSPECIFIED]: ['plain', 'unknown'],
  [ChannelState.READY]: ['good', 'ready'],
  [ChannelState.DOWN]: ['bad', 'down'],
  [ChannelState.TRYING]: ['warn', 'trying'],
  [ChannelState.LOCKED]: ['bad', 'locked'],
} as const;
const RESULTS = {
  [TestResult.UNSPECIFIED]: 'unknown',
  [TestResult.OK]: 'testOk',
  [TestResult.REFUSED]: 'testRefused',
  [TestResult.UNREACHABLE]: 'testUnreachable',
  [TestResult.UNSUPPORTED]: 'testUnsupported',
} as const;
const CHANNELS = Object.keys(Channel).filter((name) => /^[A-Z_]+$/.test(name) && name !== 'UNSPECIFIED');

/** The vendors' credentials of an app, how they stand, and the test of each. */
export function ChannelsCard({ appId }: { appId: string }) {
  const answer = useAnswer((signal) => call(method.listChannels, { appId }, signal), [appId]);
  const [results, setResults] = useState<Readonly<Record<string, string>>>({});
  const { isBusy, error, run } = useAction();
  const test = (name: string): Promise<void> =>
    run(async () => {
      const { result, reason } = await call(method.testChannel, { appId, name });
      setResults({ ...results, [name]: [t(RESULTS[result]), reason].filter(Boolean).join(': ') });
      answer.reload();
    });
  const remove = (name: string): Promise<void> =>
    run(async () => {
      await call(method.removeChannel, { appId, name });
      answer.reload();
    });
  return (
    <Card title={t('channels')}>
      <Answered answer={answer}>
        {({ credentials }) => (
          <Table
            label={t('channels')}
            head={[t('name'), t('channel'), t('state'), t('lastSuccess'), t('lastFailure'), t('action')]}
            empty={t('noChannels')}
            rows={credentials.map((each) => {
              const [kind, word] = STATES[each.state];
              const failure =
                each.lastFailureAt === undefined ? '–' : `${timeOf(each.lastFailureAt)} ${each.lastFailureReason}`;
              return [
                each.name,
                Channel[each.channel],
                <>
                  <Badge kind={kind}>{t(word)}</Badge> {each.reason}
                </>,
                timeOf(each.lastSuccessAt),
                failure,
                <div class="actions">
                  <button type="button" disabled={isBusy} onClick={() => test(each.name)}>
                    {t('test')}
                  </button>
                  <Confirmed
                    label={t('remove')}
                    question={t('removeQuestion')}
                    isBusy={isBusy}
                    act={() => remove(each.name)}
                  />
                  <span role="status">{results[each.name]}</span>
                </div>,
              ];
            })}
          />
        )}
      </Answered>
      <Problem text={error} />
      <NewChannel appId={appId} made={answer.reload} />
    </Card>
  );
}

function NewChannel({ appId, made }: { appId: string; made: () => void }) {
  const [name, setName] = useState('');
  const [channel, setChannel] = useState('FCM');
  const [settingsJson, setSettings] = useState('{}');
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      // The options are the names of the enum.
      await call(method.setChannel, { appId, name, channel: Channel[channel as keyof typeof Channel], settingsJson });
      setName('');
      setSettings('{}');
      made();
    });
  };
  return (
    <details>
      <summary>{t('newChannel')}</summary>
      <form onSubmit={submit} class="stack">
        <Field label={t('name')}>
          <Input value={name} set={setName} required maxLength={64} pattern="[A-Za-z0-9_.\-]+" />
        </Field>
        <Field label={t('channel')}>
          <Choice value={channel} set={setChannel} options={CHANNELS.map((each) => [each, each] as const)} />
        </Field>
        <Field label={t('settings')} hint={t('settingsHint')}>
          <textarea
            rows={6}
            spellcheck={false}
            value={settingsJson}
            onInput={(event) => setSettings(event.currentTarget.value)}
          />
        </Field>
        <Problem text={error} />
        <button type="submit" class="primary" disabled={isBusy}>
          {t('save')}
        </button>
      </form>
    </details>
  );
}
