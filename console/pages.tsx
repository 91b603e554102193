import type { ComponentChildren } from 'preact';
import { AdminTokensPage } from './pages/admin-tokens.js';
import { AppPage } from './pages/app.js';
import { AppsPage } from './pages/apps.js';
import { AuditPage } from './pages/audit.js';
import { CleanUpCard } from './pages/clean-up.js';
import { ComposePage } from './pages/compose.js';
import { DevicesPage } from './pages/devices.js';
import { KeysCard } from './pages/keys.js';
import { LimitsCard } from './pages/limits.js';
import { OverviewPage } from './pages/overview.js';
import { PushPage } from './pages/push.js';
import { PushListPage } from './pages/push-list.js';
import { QuietHoursPage } from './pages/quiet-hours.js';
import { ReceiptsPage } from './pages/receipts.js';
import { SigningKeysCard } from './pages/signing-keys.js';
import { WebhooksCard } from './pages/webhooks.js';
import type { Session } from './session.js';
import { type TextName, t } from './texts/index.js';

/** A page of the console. */
export interface Page {
  /** The first part of its address. */
  readonly path: string;
  /** The name of its title. */
  readonly title: TextName;
  /** Returns true if somebody may see it. */
  isFor(session: Session): boolean;
  /** Shows it. `rest`: the rest of its address. `deviceId`: the device that it is about; empty: none. */
  render(session: Session, rest: readonly string[], deviceId: string): ComponentChildren;
}

const isAdmin = ({ kind }: Session): boolean => kind === 'admin';
const canManage = (session: Session): boolean => session.kind === 'app' && session.scope === 'manage';
const canRead = (session: Session): boolean => session.kind === 'app' && session.scope !== 'send';
const canSend = (session: Session): boolean => session.kind === 'app' && session.scope !== 'read';
/** Empty: it is an admin's. */
const appOf = (session: Session): string => (session.kind === 'app' ? session.appId : '');

function titled(title: TextName, content: ComponentChildren): ComponentChildren {
  return (
    <>
      <h1>{t(title)}</h1>
      {content}
    </>
  );
}

/** All pages, in the order of the menu. */
export const PAGES: readonly Page[] = [
  { path: 'overview', title: 'overview', isFor: isAdmin, render: () => <OverviewPage /> },
  {
    path: 'apps',
    title: 'apps',
    isFor: isAdmin,
    render: (_, [id, part]) => (id === undefined ? <AppsPage /> : <AppPage id={id} part={part} key={id} />),
  },
  {
    path: 'pushes',
    title: 'pushes',
    isFor: canRead,
    render: (session, [id]) =>
      id === undefined ? <PushListPage /> : <PushPage requestId={id} canRecall={canSend(session)} key={id} />,
  },
  {
    path: 'devices',
    title: 'devices',
    isFor: canRead,
    render: (session, [by, name], deviceId) => (
      <DevicesPage
        by={by}
        name={name}
        deviceId={deviceId}
        mayChange={canManage(session)}
        key={`${by} ${name} ${deviceId}`}
      />
    ),
  },
  {
    path: 'compose',
    title: 'compose',
    isFor: canSend,
    render: (session) => <ComposePage appId={appOf(session)} canRead={canRead(session)} />,
  },
  { path: 'receipts', title: 'receipts', isFor: canRead, render: () => <ReceiptsPage /> },
  {
    path: 'quiet',
    title: 'quietHours',
    isFor: canRead,
    render: (session, [whose, name = ''], deviceId) => {
      const alias = whose === 'alias' ? name : '';
      return (
        <QuietHoursPage alias={alias} deviceId={deviceId} maySet={canManage(session)} key={`${alias} ${deviceId}`} />
      );
    },
  },
  {
    path: 'keys',
    title: 'keys',
    isFor: canManage,
    render: (session) => titled('keys', <KeysCard appId={appOf(session)} />),
  },
  {
    path: 'signing',
    title: 'signingKeys',
    isFor: canManage,
    render: (session) => titled('signingKeys', <SigningKeysCard appId={appOf(session)} />),
  },
  {
    path: 'webhooks',
    title: 'webhooks',
    isFor: canRead,
    render: (session) => titled('webhooks', <WebhooksCard appId={appOf(session)} mayChange={canManage(session)} />),
  },
  {
    path: 'usage',
    title: 'usage',
    isFor: canRead,
    render: (session) => titled('usage', <LimitsCard appId={appOf(session)} />),
  },
  {
    path: 'clean-up',
    title: 'cleanUp',
    isFor: canManage,
    render: (session) => titled('cleanUp', <CleanUpCard appId={appOf(session)} />),
  },
  { path: 'admins', title: 'adminTokens', isFor: isAdmin, render: () => <AdminTokensPage /> },
  {
    path: 'audit',
    title: 'audit',
    isFor: (session) => isAdmin(session) || canManage(session),
    render: (session) => <AuditPage appId={appOf(session)} />,
  },
];
