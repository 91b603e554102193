import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from './format.js';
import { to, useRoute } from './hooks.js';
import { PAGES, type Page } from './pages.js';
import { LanguageButton, Problem } from './parts.js';
import { SIGNED_OUT } from './rpc.js';
import { readSession, type Session, signOut } from './session.js';
import { SignIn } from './sign-in.js';
import { t } from './texts/index.js';

/** The console: the sign-in, or the page that the address names. */
export function App() {
  const [session, setSession] = useState<Session | 'unknown' | undefined>('unknown');
  const [error, setError] = useState<string>();
  useEffect(() => {
    readSession().then(setSession, (cause) => {
      setError(messageOf(cause));
      setSession(undefined);
    });
    const ended = (): void => setSession(undefined);
    window.addEventListener(SIGNED_OUT, ended);
    return () => window.removeEventListener(SIGNED_OUT, ended);
  }, []);
  if (session === 'unknown') return <p class="quiet center">{t('loading')}</p>;
  if (session === undefined) {
    return (
      <>
        <Problem text={error} />
        <SignIn done={setSession} />
      </>
    );
  }
  return <Shell session={session} ended={() => setSession(undefined)} />;
}

/** The pages that somebody may see, the first of which is where they begin. */
function pagesOf(session: Session): readonly Page[] {
  return PAGES.filter(({ isFor }) => isFor(session));
}

function Shell({ session, ended }: { session: Session; ended: () => void }) {
  const route = useRoute();
  const pages = pagesOf(session);
  const page = pages.find(({ path }) => path === route[0]) ?? pages[0];
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${page === undefined ? '' : `${t(page.title)} · `}ONE-PUSH`;
    // Whoever listens, or has no mouse, goes on where the new page begins.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [page?.path, route[1]]);
  const leave = async (): Promise<void> => {
    await signOut().catch(() => {});
    ended();
  };
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('skip')}
      </button>
      <header>
        <strong class="brand">ONE-PUSH</strong>
        <span class="who">{session.kind === 'admin' ? `${t('admin')} ${session.name}` : session.name}</span>
        <LanguageButton />
        <button type="button" onClick={leave}>
          {t('signOut')}
        </button>
      </header>
      <nav aria-label={t('pages')}>
        {pages.map(({ path, title }) => (
          <a key={path} href={to(path)} aria-current={path === page?.path ? 'page' : undefined}>
            {t(title)}
          </a>
        ))}
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {page === undefined ? <p class="quiet">{t('nothingForKey')}</p> : page.render(session, route.slice(1))}
      </main>
    </div>
  );
}
