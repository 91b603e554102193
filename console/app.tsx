import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from './format.js';
import { to, useRoute } from './hooks.js';
import { PAGES, type Page } from './pages.js';
import { Given } from './parts/given.js';
import { LanguageButton } from './parts/language-button.js';
import { readSession, type Session, signOut, tellOtherTabs, watchSession } from './session.js';
import { SignIn } from './sign-in.js';
import { t } from './texts/index.js';

/** The console: the sign-in, or the page that the address names. */
export function App() {
  const [session, setSession] = useState<Session | 'unknown' | undefined>('unknown');
  const [notice, setNotice] = useState<string>();
  /** The app that was signed in with last, for whoever must sign in again. */
  const [appId, setAppId] = useState('');
  useEffect(() => {
    if (typeof session === 'object') setAppId(session.kind === 'app' ? session.appId : '');
  }, [session]);
  useEffect(() => {
    const look = (word?: string): Promise<void> =>
      readSession().then(
        (found) => {
          setSession(found);
          setNotice(found === undefined ? word : undefined);
        },
        (cause) => {
          setSession((known) => (known === 'unknown' ? undefined : known));
          setNotice(messageOf(cause));
        },
      );
    look();
    return watchSession(() => look(t('sessionEnded')));
  }, []);
  if (session === 'unknown') return <p class="quiet center">{t('loading')}</p>;
  if (session === undefined) {
    return (
      <SignIn
        notice={notice}
        appId={appId}
        done={(found) => {
          setSession(found);
          tellOtherTabs();
        }}
      />
    );
  }
  const leave = (): void => {
    setNotice(undefined);
    setSession(undefined);
    tellOtherTabs();
  };
  // Of somebody else nothing is left of what was shown before.
  return <Shell session={session} ended={leave} key={JSON.stringify(session)} />;
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
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [page?.path, route.slice(1).join('/')]);
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
        <span class="who">
          {session.kind === 'admin' && t('admin')} <Given>{session.name}</Given>
        </span>
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
