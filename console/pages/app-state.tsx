import { useState } from 'preact/hooks';
import { type GetAppResponse, RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { numberOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Check, Choice, Field, Input } from '../parts/form.js';
import { Answered, Button, Card, Caution, Facts, Problem, Submit } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { AppState, type ModeName, modeOf } from './app-marks.js';

const { method } = PushCore;

/** The choice of who may register, with what follows from it. */
export function RegistrationField({ mode, set }: { mode: ModeName; set: (mode: ModeName) => void }) {
  return (
    <>
      <Field label={t('registration')}>
        <Choice
          value={mode}
          set={set}
          options={[
            ['SIGNED', t('modeSigned')],
            ['BOTH', t('modeBoth')],
            ['OPEN', t('modeOpen')],
          ]}
        />
      </Field>
      <RegistrationCaution mode={mode} />
    </>
  );
}

function RegistrationCaution({ mode }: { mode: ModeName }) {
  if (mode === 'SIGNED') return null;
  return <Caution>{mode === 'OPEN' ? t('openCaution') : t('bothCaution')}</Caution>;
}

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
            <Button isBusy={isBusy} act={() => change(() => call(method.enableApp, { id }))}>
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
  const [name, setName] = useState(app.name);
  const [mode, setMode] = useState(modeOf(app.registration));
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      await call(method.updateApp, { id: app.id, name, registration: RegistrationMode[mode] });
      changed();
    });
  };
  return (
    <Card title={t('nameAndRegistration')}>
      <form onSubmit={submit} class="stack">
        <Field label={t('name')}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        <RegistrationField mode={mode} set={setMode} />
        <Problem text={error} />
        <Submit isBusy={isBusy}>{t('save')}</Submit>
      </form>
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
