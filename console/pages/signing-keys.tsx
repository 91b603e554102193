import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { SigningKeyKind } from '../../gen/onepush/v1/signing_key_pb.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Choice, Field, Input, TextArea } from '../parts/form.js';
import { Answered, Badge, Card, Problem, Submit, Table } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
const KINDS = {
  HS256: 'kindSecret',
  ES256: 'kindPublic',
  EDDSA: 'kindPublic',
  RS256: 'kindPublic',
  JWKS: 'kindAddress',
} as const;
type KindName = keyof typeof KINDS;
// Object.keys of a Record are its keys.
const KIND_NAMES = Object.keys(KINDS) as KindName[];

/** The keys that registration tokens of an app are checked with, and the form that adds one. */
export function SigningKeysCard({ appId }: { appId: string }) {
  const answer = useAnswer((signal) => call(method.listSigningKeys, { appId }, signal), [appId]);
  const { isBusy, error, run } = useAction();
  const remove = (id: string): Promise<void> =>
    run(async () => {
      await call(method.removeSigningKey, { appId, id });
      answer.reload();
    });
  return (
    <>
      <Card title={t('signingKeys')}>
        <p class="quiet">{t('signingKeysHint')}</p>
        <Answered answer={answer}>
          {({ keys }) => (
            <Table
              label={t('signingKeys')}
              head={[t('keyId'), t('kind'), 'kid', t('publicKey'), t('state'), t('created'), t('action')]}
              empty={t('noSigningKeys')}
              keys={keys.map(({ id }) => id)}
              rows={keys.map((key) => [
                <code>{key.id}</code>,
                SigningKeyKind[key.kind],
                key.kid === '' ? t('any') : <code>{key.kid}</code>,
                key.key === '' ? t('secretKept') : <code class="long">{key.key}</code>,
                key.problem === '' ? (
                  <Badge kind="good">{t('ready')}</Badge>
                ) : (
                  <>
                    <Badge kind="bad">{t('unusable')}</Badge> {key.problem}
                  </>
                ),
                <Time at={key.createdAt} />,
                <Confirmed
                  label={t('remove')}
                  question={t('removeSigningKeyQuestion', { name: key.kid || key.id })}
                  isBusy={isBusy}
                  act={() => remove(key.id)}
                />,
              ])}
            />
          )}
        </Answered>
        <Problem text={error} />
      </Card>
      <NewSigningKey appId={appId} made={answer.reload} />
    </>
  );
}

function NewSigningKey({ appId, made }: { appId: string; made: () => void }) {
  const [kind, setKind] = useState<KindName>('HS256');
  const [key, setKey] = useState('');
  const [kid, setKid] = useState('');
  const [secret, setSecret] = useState('');
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      const added = await call(method.addSigningKey, { appId, kind: SigningKeyKind[kind], key: key.trim(), kid });
      setSecret(added.secret);
      setKey('');
      setKid('');
      made();
    });
  };
  return (
    <Card title={t('newSigningKey')}>
      <form onSubmit={submit} class="stack">
        <Field label={t('kind')}>
          <Choice
            value={kind}
            set={(next) => {
              setKey('');
              setKind(next);
            }}
            options={KIND_NAMES.map((name) => [name, `${name}: ${t(KINDS[name])}`] as const)}
          />
        </Field>
        {kind === 'HS256' && (
          <Field label={t('sharedSecret')} hint={t('sharedSecretHint')}>
            <Input value={key} set={setKey} type="password" autoComplete="off" />
          </Field>
        )}
        {kind === 'JWKS' && (
          <Field label={t('keysAddress')}>
            <Input value={key} set={setKey} type="url" required placeholder="https://" />
          </Field>
        )}
        {KINDS[kind] === 'kindPublic' && (
          <Field label={t('publicKey')} hint={t('publicKeyHint')}>
            <TextArea value={key} set={setKey} rows={5} required isCode />
          </Field>
        )}
        {kind !== 'JWKS' && (
          <Field label="kid" hint={t('kidHint')}>
            <Input value={kid} set={setKid} maxLength={128} spellcheck={false} />
          </Field>
        )}
        <Problem text={error} />
        <Submit isBusy={isBusy}>{t('add')}</Submit>
      </form>
      {secret !== '' && <Secret label={t('sharedSecret')} value={secret} />}
    </Card>
  );
}
