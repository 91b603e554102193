import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useState } from 'preact/hooks';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Choice, Field, Input } from '../parts/form.js';
import { Given } from '../parts/given.js';
import { Answered, Card, Problem, Submit, Table } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
const SCOPES = { SEND: 'scopeSend', READ: 'scopeRead', MANAGE: 'scopeManage' } as const;
type ScopeName = keyof typeof SCOPES;
// Object.keys of a Record are its keys.
const SCOPE_NAMES = Object.keys(SCOPES) as ScopeName[];
/** Choices of how long the keys of before work beside a new one. */
const KEEP_SECONDS = { 0: 'keepNot', 3600: 'keepHour', 86400: 'keepDay', 604800: 'keepWeek' } as const;

/** The keys of an app, and the forms that make one. */
export function KeysCard({ appId }: { appId: string }) {
  const answer = useAnswer((signal) => call(method.listAppKeys, { appId }, signal), [appId]);
  const { isBusy, error, run } = useAction();
  const revoke = (keyId: string): Promise<void> =>
    run(async () => {
      await call(method.revokeAppKey, { appId, keyId });
      answer.reload();
    });
  return (
    <>
      <Card title={t('keys')}>
        <Answered answer={answer}>
          {({ keys }) => (
            <Table
              label={t('keys')}
              head={[t('name'), t('keyId'), t('scope'), t('created'), t('lastUsed'), t('ends'), t('action')]}
              empty={t('noKeys')}
              keys={keys.map(({ id }) => id)}
              rows={keys.map((key) => [
                <Given>{key.name || t('firstKey')}</Given>,
                <code>{key.id}</code>,
                scopeOf(key.scope),
                <Time at={key.createdAt} />,
                key.lastUsedAt === undefined ? t('never') : <Time at={key.lastUsedAt} relative />,
                key.expiresAt === undefined ? t('never') : <Time at={key.expiresAt} />,
                <Confirmed
                  label={t('revoke')}
                  question={t('revokeQuestion', { name: `${key.name || t('firstKey')} ${key.id}` })}
                  isBusy={isBusy}
                  act={() => revoke(key.id)}
                />,
              ])}
            />
          )}
        </Answered>
        <Problem text={error} />
      </Card>
      <NewKey appId={appId} made={answer.reload} />
      <Rotation appId={appId} made={answer.reload} />
    </>
  );
}

function scopeOf(scope: KeyScope): string {
  const name = SCOPE_NAMES.find((each) => KeyScope[each] === scope);
  return name === undefined ? '' : t(SCOPES[name]);
}

function NewKey({ appId, made }: { appId: string; made: () => void }) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<ScopeName>('SEND');
  const [until, setUntil] = useState('');
  const [created, setCreated] = useState<{ name: string; appKey: string }>();
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      const expiresAt = until === '' ? undefined : timestampFromDate(new Date(until));
      const { appKey } = await call(method.createAppKey, { appId, name, scope: KeyScope[scope], expiresAt });
      setCreated({ name, appKey });
      setName('');
      made();
    });
  };
  return (
    <Card title={t('newKey')}>
      <form onSubmit={submit} class="row">
        <Field label={t('newKeyName')}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        <Field label={t('scope')}>
          <Choice value={scope} set={setScope} options={SCOPE_NAMES.map((each) => [each, t(SCOPES[each])] as const)} />
        </Field>
        <Field label={t('endsOrNever')}>
          <Input value={until} set={setUntil} type="date" />
        </Field>
        <Submit isBusy={isBusy}>{t('create')}</Submit>
      </form>
      <Problem text={error} />
      {created !== undefined && <Secret label={t('keyOf', { name: created.name })} value={created.appKey} />}
    </Card>
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
