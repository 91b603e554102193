import { useState } from 'preact/hooks';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { to, useAction, useAnswer } from '../hooks.js';
import { Field, Input } from '../parts/form.js';
import { Given } from '../parts/given.js';
import { Answered, Card, Problem, Submit, Table } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { AppState, Mode, type ModeName } from './app-marks.js';
import { RegistrationField } from './app-state.js';
import { Pager } from './pager.js';

const PAGE_SIZE = 50;
const { method } = PushCore;

/** All apps, and the form that makes one. */
export function AppsPage() {
  const [tokens, setTokens] = useState<readonly string[]>(['']);
  const answer = useAnswer(
    (signal) => call(method.listApps, { pageSize: PAGE_SIZE, pageToken: tokens.at(-1) ?? '' }, signal),
    [tokens],
  );
  return (
    <>
      <h1>{t('apps')}</h1>
      <Card title={t('allApps')}>
        <Answered answer={answer}>
          {({ apps, nextPageToken }) => (
            <>
              <Table
                label={t('allApps')}
                head={[t('name'), t('appId'), t('state'), t('registration'), t('created')]}
                empty={t('noApps')}
                rows={apps.map((app) => [
                  <a href={to('apps', app.id)}>
                    <Given>{app.name}</Given>
                  </a>,
                  <code>{app.id}</code>,
                  <AppState app={app} />,
                  <Mode mode={app.registration} />,
                  <Time at={app.createdAt} />,
                ])}
              />
              <Pager tokens={tokens} next={nextPageToken} set={setTokens} />
            </>
          )}
        </Answered>
      </Card>
      <NewApp made={answer.reload} />
    </>
  );
}

function NewApp({ made }: { made: () => void }) {
  const [name, setName] = useState('');
  const [mode, setMode] = useState<ModeName>('SIGNED');
  const [created, setCreated] = useState<{ name: string; appKey: string }>();
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      setCreated(await call(method.createApp, { name, registration: RegistrationMode[mode] }));
      setName('');
      made();
    });
  };
  return (
    <Card title={t('newApp')}>
      <form onSubmit={submit} class="stack">
        <Field label={t('name')}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        <RegistrationField mode={mode} set={setMode} />
        <Problem text={error} />
        <Submit isBusy={isBusy}>{t('create')}</Submit>
      </form>
      {created !== undefined && <Secret label={t('keyOf', { name: created.name })} value={created.appKey} />}
    </Card>
  );
}
