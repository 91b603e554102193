import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toTime } from '../format.js';
import { type Answer, useAction } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Field, Input } from '../parts/form.js';
import { Given } from '../parts/given.js';
import { Answered, Card, Problem, Submit, Table } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { t } from '../texts/index.js';

/** Key of an app, or token of an admin, as it is listed. */
export interface Credential {
  /** Its id, which is no secret. */
  readonly id: string;
  /** The name that it was given. */
  readonly name: string;
  /** Facts that are shown in columns of their own. */
  readonly columns: readonly ComponentChildren[];
  /** Since when there is it. */
  readonly createdAt: Timestamp | undefined;
  /** Undefined: it never was. */
  readonly lastUsedAt: Timestamp | undefined;
  /** Undefined: it has no end. */
  readonly expiresAt: Timestamp | undefined;
}

/** Credentials that there are, each with a button that revokes it. */
export function CredentialsCard(props: {
  title: string;
  /** Said where there are none. */
  empty: string;
  /** Titles of the columns that they have more. */
  columns: readonly string[];
  answer: Answer<readonly Credential[]>;
  /** Returns the question before one is revoked. */
  question: (name: string) => string;
  revoke: (id: string) => Promise<unknown>;
}) {
  const { title, answer } = props;
  const { isBusy, error, run } = useAction();
  const revoke = (id: string): Promise<void> =>
    run(async () => {
      await props.revoke(id);
      answer.reload();
    });
  return (
    <Card title={title}>
      <Answered answer={answer}>
        {(credentials) => (
          <Table
            label={title}
            head={[t('name'), t('keyId'), ...props.columns, t('created'), t('lastUsed'), t('ends'), t('action')]}
            empty={props.empty}
            keys={credentials.map(({ id }) => id)}
            rows={credentials.map(({ id, name, columns, createdAt, lastUsedAt, expiresAt }) => [
              <Given>{name}</Given>,
              <code>{id}</code>,
              ...columns,
              <Time at={createdAt} />,
              lastUsedAt === undefined ? t('never') : <Time at={lastUsedAt} relative />,
              expiresAt === undefined ? t('never') : <Time at={expiresAt} />,
              <Confirmed
                label={t('revoke')}
                question={props.question(`${name} ${id}`)}
                isBusy={isBusy}
                act={() => revoke(id)}
              />,
            ])}
          />
        )}
      </Answered>
      <Problem text={error} />
    </Card>
  );
}

/** The form that makes a credential, whose secret it shows once. */
export function NewCredential(props: {
  title: string;
  /** Label of the field of its name. */
  nameLabel: string;
  /** Fields of its own. */
  children?: ComponentChildren;
  /** Makes it. Returns the secret. */
  create: (name: string, expiresAt: Timestamp | undefined) => Promise<string>;
  /** Returns the label of the secret. */
  secretLabel: (name: string) => string;
}) {
  const [name, setName] = useState('');
  const [until, setUntil] = useState('');
  const [created, setCreated] = useState<{ name: string; secret: string }>();
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      setCreated({ name, secret: await props.create(name, toTime(until)) });
      setName('');
    });
  };
  return (
    <Card title={props.title}>
      <form onSubmit={submit} class="row">
        <Field label={props.nameLabel}>
          <Input value={name} set={setName} required maxLength={255} />
        </Field>
        {props.children}
        <Field label={t('endsOrNever')}>
          <Input value={until} set={setUntil} type="datetime-local" />
        </Field>
        <Submit isBusy={isBusy}>{t('create')}</Submit>
      </form>
      <Problem text={error} />
      {created !== undefined && <Secret label={props.secretLabel(created.name)} value={created.secret} />}
    </Card>
  );
}
