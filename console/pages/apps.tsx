import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { Given } from '../parts/given.js';
import { Paged, usePages } from '../parts/pages.js';
import { Card, Table } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { to } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { AppForm } from './app-form.js';
import { AppState, MODES } from './app-marks.js';

const PAGE_SIZE = 50;
const { method } = PushCore;

/** All apps, and the form that makes one. */
export function AppsPage() {
  const pages = usePages((pageToken, signal) => call(method.listApps, { pageSize: PAGE_SIZE, pageToken }, signal), []);
  return (
    <>
      <h1>{t('apps')}</h1>
      <Card title={t('allApps')}>
        <Paged pages={pages}>
          {({ apps }) => (
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
                <MODES.StateBadge state={app.registration} />,
                <Time at={app.createdAt} />,
              ])}
            />
          )}
        </Paged>
      </Card>
      <NewApp made={pages.answer.reload} />
    </>
  );
}

function NewApp({ made }: { made: () => void }) {
  const [created, setCreated] = useState<{ name: string; appKey: string }>();
  return (
    <Card title={t('newApp')}>
      <AppForm
        key={created?.appKey}
        name=""
        mode="SIGNED"
        submitText={t('create')}
        save={async (app) => {
          setCreated(await call(method.createApp, app));
          made();
        }}
      />
      {created !== undefined && <Secret label={t('keyOf', { name: created.name })} value={created.appKey} />}
    </Card>
  );
}
