import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from './format.js';
import { useAction } from './hooks.js';
import { forgetDraft } from './pages/compose.js';
import { PAGES } from './pages.js';
import { Given } from './parts/given.js';
import { LanguageButton } from './parts/language-button.js';
import { Nav } from './parts/nav.js';
import { Button, Problem } from './parts/parts.js';
import { goToFirstPage, readRoute, to, useRoute } from './route.js';
import { readSession, type Session, signOut, tellOtherTabs, watchSession } from './session.js';
import { SignIn } from './sign-in.js';
import { type TextName, t } from './texts/index.js';

const SCOPES = { send: 'scopeSend', read: 'scopeRead', manage: 'scopeManage' } as const;

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
          if (word !== undefined) leavePageOfOthers(found);
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
          leavePageOfOthers(found);
          setSession(found);
          tellOtherTabs();
        }}
      />
    );
  }
  const leave = (): void => {
    forgetDraft();
    setNotice(undefined);
    setSession(undefined);
    tellOtherTabs();
  };
  // Of somebody else nothing is left of what was shown before.
  return <Shell session={session} ended={leave} key={JSON.stringify(session)} />;
}

/** Goes to the first page where the present one is none of theirs: it is of whoever was signed in before. */
function leavePageOfOthers(session: Session | undefined): void {
  const [path] = readRoute().parts;
  const page = PAGES.find((each) => each.path === path);
  if (session !== undefined && page !== undefined && !page.isFor(session)) goToFirstPage();
}

function Shell({ session, ended }: { session: Session; ended: () => void }) {
  const { parts, deviceId } = useRoute();
  const [path, ...rest] = parts;
  const pages = PAGES.filter(({ isFor }) => isFor(session));
  const page = path === undefined ? pages[0] : pages.find((each) => each.path === path);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${t(page === undefined ? 'noPage' : page.title)} · ONE-PUSH`;
    // Whoever listens, or has no mouse, goes on where the new page begins.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [page?.path, rest.join('/'), deviceId]);
  const { isBusy, error, run } = useAction();
  const leave = (): Promise<void> =>
    run(async () => {
      await signOut();
      ended();
    });
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('skip')}
      </button>
      <header>
        <strong class="brand">ONE-PUSH</strong>
        <span class="who">
          <Given>{session.name}</Given> · {t(session.kind === 'admin' ? 'admin' : SCOPES[session.scope])}
        </span>
        <LanguageButton />
        <Button isBusy={isBusy} act={leave}>
          {t('signOut')}
        </Button>
      </header>
      <Nav label={t('pages')} links={pages.map((each) => [to(each.path), t(each.title), each === page])} />
      <main id="main" ref={main} tabIndex={-1}>
        <Problem text={error} />
        {page === undefined ? <NoPage path={path} session={session} /> : page.render(session, rest, deviceId)}
      </main>
    </div>
  );
}

/** Says why there is nothing at an address. */
function NoPage({ path, session }: { path: string | undefined; session: Session }) {
  const page = PAGES.find((each) => each.path === path);
  if (page === undefined) return <NoPageText title="noPage" text={t('noPageHint')} />;
  const text = session.kind === 'admin' ? t('notForAdmin') : t('notForScope', { scope: t(SCOPES[session.scope]) });
  return <NoPageText title={page.title} text={text} />;
}

function NoPageText({ title, text }: { title: TextName; text: string }) {
  return (
    <>
      <h1>{t(title)}</h1>
      <p class="quiet">{text}</p>
    </>
  );
}
