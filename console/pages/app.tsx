import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { timeOf } from '../format.js';
import { to, useAction, useAnswer } from '../hooks.js';
import { Answered, Card, Choice, Confirmed, Facts, Field, Problem } from '../parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { AppState } from './apps.js';
import { ChannelsCard } from './channels.js';
import { KeysCard } from './keys.js';
import { UsageCard } from './usage.js';

const { method } = PushCore;
const MODES = ['SIGNED', 'BOTH', 'OPEN'] as const;

/** One app: its state, keys, channels and limits. */
export function AppPage({ id }: { id: string }) {
  const answer = useAnswer((signal) => call(method.getApp, { id }, signal), [id]);
  const { isBusy, error, run } = useAction();
  const change = (work: () => Promise<unknown>): Promise<void> =>
    run(async () => {
      await work();
      answer.reload();
    });
  return (
    <>
      <p>
        <a href={to('apps')}>← {t('apps')}</a>
      </p>
      <Answered answer={answer}>
        {(app) => (
          <>
            <h1>{app.name}</h1>
            <Card
              title={t('state')}
              actions={
                <>
                  {app.disabled ? (
                    <button
                      type="button"
                      disabled={isBusy}
                      onClick={() => change(() => call(method.enableApp, { id }))}
                    >
                      {app.removedAt === undefined ? t('enable') : t('undelete')}
                    </button>
                  ) : (
                    <Confirmed
                      label={t('disable')}
                      question={t('disableQuestion')}
                      isBusy={isBusy}
                      act={() => change(() => call(method.disableApp, { id }))}
                    />
                  )}
                  {app.removedAt === undefined && (
                    <Confirmed
                      label={t('delete')}
                      question={t('deleteQuestion')}
                      isBusy={isBusy}
                      act={() => change(() => call(method.deleteApp, { id }))}
                    />
                  )}
                </>
              }
            >
              <Facts
                facts={[
                  [t('appId'), <code>{id}</code>],
                  [t('state'), <AppState app={app} />],
                  ...(app.removedAt === undefined ? [] : [[t('removedAt'), timeOf(app.removedAt)] as const]),
                  ...(app.registration === RegistrationMode.BOTH
                    ? [[t('unsigned'), String(app.unsignedRegistrations)] as const]
                    : []),
                ]}
              />
              <Field label={t('registration')} hint={t('registrationHint')}>
                <Choice
                  value={MODES.find((mode) => RegistrationMode[mode] === app.registration) ?? 'SIGNED'}
                  set={(mode) => change(() => call(method.updateApp, { id, registration: RegistrationMode[mode] }))}
                  options={[
                    ['SIGNED', t('modeSigned')],
                    ['BOTH', t('modeBoth')],
                    ['OPEN', t('modeOpen')],
                  ]}
                />
              </Field>
              <Problem text={error} />
            </Card>
            <KeysCard appId={id} />
            <ChannelsCard appId={id} />
            <UsageCard appId={id} />
          </>
        )}
      </Answered>
    </>
  );
}
