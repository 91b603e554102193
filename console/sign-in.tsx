import { useState } from 'preact/hooks';
import { useAction } from './hooks.js';
import { Choice, Field, Input, LanguageButton, Problem } from './parts.js';
import { type Session, signIn } from './session.js';
import { t } from './texts/index.js';

/** The form by which one signs in. */
export function SignIn({ done }: { done: (session: Session | undefined) => void }) {
  const [kind, setKind] = useState<'admin' | 'app'>('admin');
  const [appId, setAppId] = useState('');
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
        <button type="submit" class="primary" disabled={isBusy}>
          {t('signIn')}
        </button>
        <LanguageButton />
      </form>
    </main>
  );
}
