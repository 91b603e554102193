import { useState } from 'preact/hooks';
import { type GetAppResponse, RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { numberOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Check } from '../parts/form.js';
import { Answered, Button, Card, Facts, Problem } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { AppForm } from './app-form.js';
import { AppState, MODES } from './app-marks.js';

const { method } = PushCore;

/** The state of an app, what it is called, who may register, and what vendors are told. */
export function AppStateCards({ app, changed }: { app: GetAppResponse; changed: () => void }) {
  return (
    <>
      <StateCard app={app} changed={changed} />
      <SettingsCard app={app} changed={changed} key={`${app.name} ${app.registration}`} />
      <WakingCard id={app.id} />
    </>
  );
}

function StateCard({ app, changed }: { app: GetAppResponse; changed: () => void }) {
  const { id, name } = app;
  const { isBusy, error, run } = useAction();
  const change = (work: () => Promise<unknown>): Promise<void> =>
    run(async () => {
      await work();
      changed();
    });
  return (
    <Card
      title={t('state')}
      actions={
        <>
          {app.disabled ? (
            <Button
              isBusy={isBusy}
              act={() =>
                change(() => call(app.removedAt === undefined ? method.enableApp : method.undeleteApp, { id }))
              }
            >
              {app.removedAt === undefined ? t('enable') : t('undelete')}
            </Button>
          ) : (
            <Confirmed
              label={t('disable')}
              question={t('disableQuestion', { name })}
              isBusy={isBusy}
              act={() => change(() => call(method.disableApp, { id }))}
            />
          )}
          {app.removedAt === undefined && (
            <Confirmed
              label={t('delete')}
              question={t('deleteQuestion', { name })}
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
          ...(app.removedAt === undefined ? [] : [[t('removedAt'), <Time at={app.removedAt} />] as const]),
          ...(app.registration === RegistrationMode.BOTH
            ? [[t('unsigned'), numberOf(app.unsignedRegistrations)] as const]
            : []),
        ]}
      />
      <Problem text={error} />
    </Card>
  );
}

function SettingsCard({ app, changed }: { app: GetAppResponse; changed: () => void }) {
  return (
    <Card title={t('nameAndRegistration')}>
      <AppForm
        name={app.name}
        mode={MODES.nameOf(app.registration) ?? 'SIGNED'}
        submitText={t('save')}
        save={async (settings) => {
          await call(method.updateApp, { id: app.id, ...settings });
          changed();
        }}
      />
    </Card>
  );
}

function WakingCard({ id }: { id: string }) {
  const answer = useAnswer((signal) => call(method.listChannels, { appId: id }, signal), [id]);
  const [chosen, setChosen] = useState<boolean>();
  const { error, run } = useAction();
  const set = (hidesContent: boolean): Promise<void> => {
    setChosen(hidesContent);
    return run(async () => {
      try {
        await call(method.setAppWaking, { id, hidesContent });
      } catch (cause) {
        setChosen(undefined);
        throw cause;
      }
    });
  };
  return (
    <Card title={t('waking')}>
      <Answered answer={answer}>
        {({ hidesContent }) => <Check label={t('hidesContent')} isOn={chosen ?? hidesContent} set={set} />}
      </Answered>
      <p class="quiet">{t('hidesContentHint')}</p>
      <Problem text={error} />
    </Card>
  );
}
