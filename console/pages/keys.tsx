import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useState } from 'preact/hooks';
import { KeyScope } from '../../gen/onepush/v1/access_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { timeOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Answered, Card, Choice, Confirmed, Field, Input, Problem, Secret, Table } from '../parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
const SCOPES = { SEND: 'scopeSend', READ: 'scopeRead', MANAGE: 'scopeManage' } as const;
type ScopeName = keyof typeof SCOPES;
// Object.keys of a Record are its keys.
const SCOPE_NAMES = Object.keys(SCOPES) as ScopeName[];

/** The keys of an app, and the form that makes one. */
export function KeysCard({ appId }: { appId: string }) {
  const answer = useAnswer((signal) => call(method.listAppKeys, { appId }, signal), [appId]);
  const { isBusy, error, run } = useAction();
  const revoke = (keyId: string): Promise<void> =>
    run(async () => {
      await call(method.revokeAppKey, { appId, keyId });
      answer.reload();
    });
  return (
    <Card title={t('keys')}>
      <Answered answer={answer}>
        {({ keys }) => (
          <Table
            label={t('keys')}
            head={[t('name'), t('keyId'), t('scope'), t('lastUsed'), t('ends'), t('action')]}
            empty={t('noKeys')}
            rows={keys.map((key) => [
              key.name || t('firstKey'),
              <code>{key.id}</code>,
              scopeOf(key.scope),
              timeOf(key.lastUsedAt),
              key.expiresAt === undefined ? t('never') : timeOf(key.expiresAt),
              <Confirmed
                label={t('revoke')}
                question={t('revokeQuestion')}
                isBusy={isBusy}
                act={() => revoke(key.id)}
              />,
            ])}
          />
        )}
      </Answered>
      <Problem text={error} />
      <NewKey appId={appId} made={answer.reload} />
    </Card>
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
    <>
      <form onSubmit={submit} class="row">
        <Field label={t('newKeyName')}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        <Field label={t('scope')}>
          <Choice value={scope} set={setScope} options={SCOPE_NAMES.map((each) => [each, t(SCOPES[each])] as const)} />
        </Field>
        <Field label={t('ends')}>
          <Input value={until} set={setUntil} type="date" />
        </Field>
        <button type="submit" class="primary" disabled={isBusy}>
          {t('create')}
        </button>
      </form>
      <Problem text={error} />
      {created !== undefined && <Secret label={`${t('appKey')}: ${created.name}`} value={created.appKey} />}
    </>
  );
}
