import { useState } from 'preact/hooks';
import { useAction } from './hooks.js';
import { Choice, Field, Input } from './parts/form.js';
import { LanguageButton } from './parts/language-button.js';
import { Problem, Submit } from './parts/parts.js';
import { type Session, signIn } from './session.js';
import { t } from './texts/index.js';

/** The form by which one signs in. */
export function SignIn(props: {
  notice: string | undefined;
  /** The app that is there already; empty: none. */
  appId: string;
  done: (session: Session | undefined) => void;
}) {
  const { notice, done } = props;
  const [kind, setKind] = useState<'admin' | 'app'>(props.appId === '' ? 'admin' : 'app');
  const [appId, setAppId] = useState(props.appId);
  const [secret, setSecret] = useState('');
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => done(await signIn(kind === 'app' ? appId.trim() : '', secret)));
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} class="card">
        <h1>ONE-PUSH</h1>
        <p class="quiet">{t('signInHint')}</p>
        {error === undefined && <Problem text={notice} />}
        <Field label={t('signInWith')}>
          <Choice
            value={kind}
            set={setKind}
            options={[
              ['admin', t('adminToken')],
              ['app', t('appKey')],
            ]}
          />
        </Field>
        {kind === 'app' && (
          <Field label={t('appId')}>
            <Input value={appId} set={setAppId} required autoComplete="username" spellcheck={false} />
          </Field>
        )}
        <Field label={kind === 'app' ? t('appKey') : t('adminToken')}>
          <Input value={secret} set={setSecret} type="password" required autoComplete="current-password" />
        </Field>
        <Problem text={error} />
        <Submit isBusy={isBusy}>{t('signIn')}</Submit>
        <LanguageButton />
      </form>
    </main>
  );
}
