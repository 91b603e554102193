import type { MessageInitShape } from '@bufbuild/protobuf';
import { useMemo, useState } from 'preact/hooks';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { AudienceSchema } from '../../gen/onepush/v1/push_pb.js';
import { agoOf, numberOf, toTime } from '../format.js';
import { useAction } from '../hooks.js';
import { AskDialog } from '../parts/confirmed.js';
import { Check, Choice, Field, Input, TextArea } from '../parts/form.js';
import { Button, Card, Problem, Submit } from '../parts/parts.js';
import { to } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
type Kind = 'aliases' | 'tags' | 'devices' | 'everyone';
type PlatformName = Exclude<keyof typeof Platform, 'UNSPECIFIED'> | '';

/** A push as it stands in the form. */
interface Draft {
  readonly kind: Kind;
  /** One on each line. */
  readonly names: string;
  readonly platform: PlatformName;
  readonly title: string;
  readonly alert: string;
  readonly extraJson: string;
  readonly needConfirm: boolean;
  /** Empty: at once. */
  readonly sendAt: string;
}

const EMPTY: Draft = {
  kind: 'aliases',
  names: '',
  platform: '',
  title: '',
  alert: '',
  extraJson: '',
  needConfirm: false,
  sendAt: '',
};

/** The draft of an app that was left, while other pages are shown or one must sign in again. */
let left: { readonly appId: string; readonly draft: Draft } | undefined;

/** Forgets what was written: somebody signs out. */
export function forgetDraft(): void {
  left = undefined;
}

/** Last word about the push: an estimate, that it is right, or its id. */
type Outcome =
  | { kind: 'estimate'; devices: number; online: number }
  | { kind: 'right' }
  | { kind: 'sent'; requestId: string };

/** The form of a push: who it is for, what it says, and when. Nothing is sent before it is asked for. */
export function ComposePage({ appId, canRead }: { appId: string; canRead: boolean }) {
  const [draft, setDraft] = useState(left?.appId === appId ? left.draft : EMPTY);
  const [outcome, setOutcome] = useState<Outcome>();
  const [sent, setSent] = useState<{ draft: Draft; requestId: string }>();
  const [asked, setAsked] = useState<string>();
  const { isBusy, error, run } = useAction();
  const { kind, names, platform, title, alert, extraJson, needConfirm, sendAt } = draft;
  // What is sent again after a cut sends nothing twice: the key is another one only of another push.
  const idempotencyKey = useMemo(newKey, [draft, sent]);
  const set =
    <N extends keyof Draft>(name: N) =>
    (value: Draft[N]): void => {
      const next = { ...draft, [name]: value };
      left = { appId, draft: next };
      setDraft(next);
    };

  const audience = () => ({
    audience: audienceOf(kind, names),
    platform: platform === '' ? Platform.UNSPECIFIED : Platform[platform],
  });
  const push = (dryRun: boolean) => ({
    ...audience(),
    title,
    alert,
    extraJson,
    needConfirm,
    dryRun,
    sendAt: toTime(sendAt),
    idempotencyKey: dryRun ? '' : idempotencyKey,
  });
  const act = (work: () => Promise<Outcome>): Promise<void> => {
    setOutcome(undefined);
    return run(async () => setOutcome(await work()));
  };
  const send = (): Promise<void> =>
    act(async () => {
      const { requestId } = await call(method.sendPush, push(false));
      setSent({ draft, requestId });
      forgetDraft();
      return { kind: 'sent', requestId };
    });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isBusy) return;
    if (sent?.draft === draft) setAsked(t('sendAgainQuestion', { name: sent.requestId }));
    else if (kind === 'everyone') setAsked(t('sendToAllQuestion'));
    else send();
  };
  return (
    <>
      <h1>{t('compose')}</h1>
      <Card title={t('newPush')}>
        <form onSubmit={submit} class="stack">
          <div class="row">
            <Field label={t('audience')}>
              <Choice
                value={kind}
                set={set('kind')}
                options={[
                  ['aliases', t('users')],
                  ['tags', t('tags')],
                  ['devices', t('deviceIds')],
                  ['everyone', t('everyone')],
                ]}
              />
            </Field>
            <Field label={t('platform')}>
              <Choice
                value={platform}
                set={set('platform')}
                options={[
                  ['', t('any')],
                  ...(['ANDROID', 'IOS', 'PC', 'WEB'] as const).map((name) => [name, name] as const),
                ]}
              />
            </Field>
          </div>
          {kind !== 'everyone' && (
            <Field label={t('names')} hint={t('namesHint')}>
              <TextArea value={names} set={set('names')} rows={2} required />
            </Field>
          )}
          <Field label={t('titleField')}>
            <Input value={title} set={set('title')} maxLength={1024} />
          </Field>
          <Field label={t('text')}>
            <TextArea value={alert} set={set('alert')} rows={3} required />
          </Field>
          <details>
            <summary>{t('more')}</summary>
            <Field label={t('extra')} hint={t('extraHint')}>
              <TextArea value={extraJson} set={set('extraJson')} rows={3} isCode />
            </Field>
            <Field label={t('sendAt')} hint={sendAt === '' ? t('sendAtHint') : whenOf(sendAt)}>
              <Input value={sendAt} set={set('sendAt')} type="datetime-local" />
            </Field>
            <Check label={t('needConfirm')} isOn={needConfirm} set={set('needConfirm')} />
          </details>
          <Problem text={error} />
          <p role="status" class={outcome === undefined ? '' : 'notice'}>
            <OutcomeText outcome={outcome} canRead={canRead} />
          </p>
          <div class="actions">
            <Button
              isBusy={isBusy}
              act={() => act(async () => ({ kind: 'estimate', ...(await call(method.estimateAudience, audience())) }))}
            >
              {t('estimate')}
            </Button>
            <Button
              isBusy={isBusy}
              act={() =>
                act(async () => {
                  await call(method.sendPush, push(true));
                  return { kind: 'right' };
                })
              }
            >
              {t('dryRun')}
            </Button>
            <Submit isBusy={isBusy}>{sendAt === '' ? t('send') : t('schedule')}</Submit>
          </div>
        </form>
        {asked !== undefined && (
          <AskDialog
            question={asked}
            label={sendAt === '' ? t('send') : t('schedule')}
            answer={(isYes) => {
              setAsked(undefined);
              if (isYes) send();
            }}
          />
        )}
      </Card>
    </>
  );
}

function OutcomeText({ outcome, canRead }: { outcome: Outcome | undefined; canRead: boolean }) {
  if (outcome === undefined) return null;
  if (outcome.kind === 'right') return <>{t('isRight')}</>;
  if (outcome.kind === 'estimate') {
    return (
      <>
        {t('devices')}: {numberOf(outcome.devices)}, {t('online')}: {numberOf(outcome.online)}
      </>
    );
  }
  const { requestId } = outcome;
  return (
    <>
      {t('accepted')}: {canRead ? <a href={to('pushes', requestId)}>{requestId}</a> : requestId}
    </>
  );
}

function audienceOf(kind: Kind, names: string): MessageInitShape<typeof AudienceSchema> {
  const values = names
    .split('\n')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (kind === 'everyone') return { audience: { case: kind, value: {} } };
  if (kind === 'devices') return { audience: { case: kind, value: { ids: values } } };
  return { audience: { case: kind, value: { values } } };
}

/** Returns how long it is until a time, so that a wrong one is seen. */
function whenOf(sendAt: string): string {
  const time = toTime(sendAt);
  return time === undefined ? '' : agoOf(time);
}

/** A key of its own for each push: pages in plain text have no crypto.randomUUID. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join('-');
}
