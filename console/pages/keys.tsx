import { useState } from 'preact/hooks';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Choice, Field } from '../parts/form.js';
import { Card, Problem } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { statesOf } from '../parts/states.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { CredentialsCard, NewCredential } from './credentials.js';

const { method } = PushCore;
const SCOPES = statesOf(KeyScope, {
  SEND: ['plain', 'scopeSend'],
  READ: ['plain', 'scopeRead'],
  MANAGE: ['plain', 'scopeManage'],
});
/** Choices of how long the keys of before work beside a new one. */
const KEEP_SECONDS = { 0: 'keepNot', 3600: 'keepHour', 86400: 'keepDay', 604800: 'keepWeek' } as const;

/** The keys of an app, and the forms that make one. */
export function KeysCard({ appId }: { appId: string }) {
  const [scope, setScope] = useState<'SEND' | 'READ' | 'MANAGE'>('SEND');
  const answer = useAnswer(
    async (signal) => {
      const { keys } = await call(method.listAppKeys, { appId }, signal);
      return keys.map(({ id, name, scope: given, createdAt, lastUsedAt, expiresAt }) => {
        return { id, name: name || t('firstKey'), columns: [SCOPES.wordOf(given)], createdAt, lastUsedAt, expiresAt };
      });
    },
    [appId],
  );
  return (
    <>
      <CredentialsCard
        title={t('keys')}
        empty={t('noKeys')}
        columns={[t('scope')]}
        answer={answer}
        question={(name) => t('revokeQuestion', { name })}
        revoke={(keyId) => call(method.revokeAppKey, { appId, keyId })}
      />
      <NewCredential
        title={t('newKey')}
        nameLabel={t('newKeyName')}
        secretLabel={(name) => t('keyOf', { name })}
        create={async (name, expiresAt) => {
          const { appKey } = await call(method.createAppKey, { appId, name, scope: KeyScope[scope], expiresAt });
          answer.reload();
          return appKey;
        }}
      >
        <Field label={t('scope')}>
          <Choice value={scope} set={setScope} options={SCOPES.options()} />
        </Field>
      </NewCredential>
      <Rotation appId={appId} made={answer.reload} />
    </>
  );
}

function Rotation({ appId, made }: { appId: string; made: () => void }) {
  const [keep, setKeep] = useState('86400');
  const [created, setCreated] = useState<string>();
  const { isBusy, error, run } = useAction();
  const rotate = (): Promise<void> =>
    run(async () => {
      const { appKey } = await call(method.rotateAppKey, { id: appId, keepOldSeconds: Number(keep) });
      setCreated(appKey);
      made();
    });
  return (
    <Card title={t('rotateKey')}>
      <p class="quiet">{t('rotateHint')}</p>
      <div class="row">
        <Field label={t('keepOld')}>
          <Choice
            value={keep}
            set={setKeep}
            options={Object.entries(KEEP_SECONDS).map(([seconds, word]) => [seconds, t(word)] as const)}
          />
        </Field>
        <Confirmed
          label={t('rotate')}
          question={t(keep === '0' ? 'rotateNowQuestion' : 'rotateQuestion')}
          isBusy={isBusy}
          act={rotate}
        />
      </div>
      <Problem text={error} />
      {created !== undefined && <Secret label={t('appKey')} value={created} />}
    </Card>
  );
}
