import type { ComponentChildren } from 'preact';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAnswer } from '../hooks.js';
import { Given } from '../parts/given.js';
import { Nav } from '../parts/nav.js';
import { Answered } from '../parts/parts.js';
import { to } from '../route.js';
import { call } from '../rpc.js';
import { type TextName, t } from '../texts/index.js';
import { AppState } from './app-marks.js';
import { AppStateCards } from './app-state.js';
import { ChannelsCard } from './channels.js';
import { CleanUpCard } from './clean-up.js';
import { KeysCard } from './keys.js';
import { LimitsCard } from './limits.js';
import { SigningKeysCard } from './signing-keys.js';
import { WebhooksCard } from './webhooks.js';

/** Parts of an app's page, each at an address of its own: the first one has none. */
const PARTS: readonly (readonly [string, TextName, (appId: string) => ComponentChildren])[] = [
  ['keys', 'keys', (appId) => <KeysCard appId={appId} />],
  ['signing', 'signingKeys', (appId) => <SigningKeysCard appId={appId} />],
  ['channels', 'channels', (appId) => <ChannelsCard appId={appId} />],
  ['webhooks', 'webhooks', (appId) => <WebhooksCard appId={appId} mayChange />],
  ['limits', 'usage', (appId) => <LimitsCard appId={appId} mayEdit />],
  ['clean-up', 'cleanUp', (appId) => <CleanUpCard appId={appId} />],
];

/** One app: its state, and what belongs to it, part by part. */
export function AppPage({ id, part }: { id: string; part: string | undefined }) {
  const answer = useAnswer((signal) => call(PushCore.method.getApp, { id }, signal), [id]);
  const shown = PARTS.find(([path]) => path === part);
  return (
    <>
      <p class="back">
        <a href={to('apps')}>← {t('apps')}</a>
      </p>
      <Answered answer={answer}>
        {(app) => (
          <>
            <h1>
              <Given>{app.name}</Given> <AppState app={app} />
            </h1>
            <Nav
              class="tabs"
              label={t('partsOfApp')}
              links={[
                [to('apps', id), t('settings'), shown === undefined],
                ...PARTS.map((each) => [to('apps', id, each[0]), t(each[1]), each === shown] as const),
              ]}
            />
            {shown === undefined ? <AppStateCards app={app} changed={answer.reload} /> : shown[2](id)}
          </>
        )}
      </Answered>
    </>
  );
}
