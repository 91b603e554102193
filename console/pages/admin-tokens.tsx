import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Field, Input } from '../parts/form.js';
import { Given } from '../parts/given.js';
import { Answered, Card, Problem, Submit, Table } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;

/** Page of the tokens of admins, with the form that makes one. */
export function AdminTokensPage() {
  const answer = useAnswer((signal) => call(method.listAdminTokens, {}, signal), []);
  const { isBusy, error, run } = useAction();
  const revoke = (id: string): Promise<void> =>
    run(async () => {
      await call(method.revokeAdminToken, { id });
      answer.reload();
    });
  return (
    <>
      <h1>{t('adminTokens')}</h1>
      <Card title={t('adminTokens')}>
        <Answered answer={answer}>
          {({ tokens }) => (
            <Table
              label={t('adminTokens')}
              head={[t('name'), t('keyId'), t('created'), t('lastUsed'), t('ends'), t('action')]}
              empty={t('noAdminTokens')}
              keys={tokens.map(({ id }) => id)}
              rows={tokens.map((token) => [
                <Given>{token.name}</Given>,
                <code>{token.id}</code>,
                <Time at={token.createdAt} />,
                token.lastUsedAt === undefined ? t('never') : <Time at={token.lastUsedAt} relative />,
                token.expiresAt === undefined ? t('never') : <Time at={token.expiresAt} />,
                <Confirmed
                  label={t('revoke')}
                  question={t('revokeTokenQuestion', { name: `${token.name} ${token.id}` })}
                  isBusy={isBusy}
                  act={() => revoke(token.id)}
                />,
              ])}
            />
          )}
        </Answered>
        <Problem text={error} />
      </Card>
      <NewToken made={answer.reload} />
    </>
  );
}

function NewToken({ made }: { made: () => void }) {
  const [name, setName] = useState('');
  const [until, setUntil] = useState('');
  const [created, setCreated] = useState<{ name: string; adminToken: string }>();
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      const expiresAt = until === '' ? undefined : timestampFromDate(new Date(until));
      const { adminToken } = await call(method.createAdminToken, { name, expiresAt });
      setCreated({ name, adminToken });
      setName('');
      made();
    });
  };
  return (
    <Card title={t('newAdminToken')}>
      <form onSubmit={submit} class="row">
        <Field label={t('newAdminTokenName')}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        <Field label={t('endsOrNever')}>
          <Input value={until} set={setUntil} type="date" />
        </Field>
        <Submit isBusy={isBusy}>{t('create')}</Submit>
      </form>
      <Problem text={error} />
      {created !== undefined && <Secret label={t('tokenOf', { name: created.name })} value={created.adminToken} />}
    </Card>
  );
}
