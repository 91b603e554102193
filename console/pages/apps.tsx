import { useState } from 'preact/hooks';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { timeOf } from '../format.js';
import { to, useAction, useAnswer } from '../hooks.js';
import { Answered, Badge, Card, Choice, Field, Input, Problem, Secret, Table } from '../parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { Pager } from './pager.js';

const PAGE_SIZE = 50;
const { method } = PushCore;

/** The state of an app, as a word. */
export function AppState({ app }: { app: { disabled: boolean; removedAt?: unknown } }) {
  if (app.removedAt !== undefined) return <Badge kind="bad">{t('deleted')}</Badge>;
  return app.disabled ? <Badge kind="warn">{t('disabled')}</Badge> : <Badge kind="good">{t('active')}</Badge>;
}

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
      <NewApp made={answer.reload} />
      <Card title={t('allApps')}>
        <Answered answer={answer}>
          {({ apps, nextPageToken }) => (
            <>
              <Table
                label={t('allApps')}
                head={[t('name'), t('appId'), t('state'), t('registration'), t('created')]}
                empty={t('noApps')}
                rows={apps.map((app) => [
                  <a href={to('apps', app.id)}>{app.name}</a>,
                  <code>{app.id}</code>,
                  <AppState app={app} />,
                  RegistrationMode[app.registration],
                  timeOf(app.createdAt),
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

function NewApp({ made }: { made: () => void }) {
  const [name, setName] = useState('');
  const [mode, setMode] = useState<'SIGNED' | 'BOTH' | 'OPEN'>('SIGNED');
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
      <form onSubmit={submit} class="row">
        <Field label={t('name')}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        <Field label={t('registration')}>
          <Choice
            value={mode}
            set={setMode}
            options={[
              ['SIGNED', t('modeSigned')],
              ['BOTH', t('modeBoth')],
              ['OPEN', t('modeOpen')],
            ]}
          />
        </Field>
        <button type="submit" class="primary" disabled={isBusy}>
          {t('create')}
        </button>
      </form>
      <Problem text={error} />
      {created !== undefined && <Secret label={`${t('keyOf')} ${created.name}`} value={created.appKey} />}
    </Card>
  );
}
