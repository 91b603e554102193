import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { useMemo, useState } from 'preact/hooks';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { AudienceSchema } from '../../gen/onepush/v1/push_pb.js';
import { numberOf } from '../format.js';
import { to, useAction } from '../hooks.js';
import { AskDialog } from '../parts/confirmed.js';
import { Check, Choice, Field, Input, TextArea } from '../parts/form.js';
import { Button, Card, Problem, Submit } from '../parts/parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
type Kind = 'aliases' | 'tags' | 'devices' | 'everyone';
type PlatformName = Exclude<keyof typeof Platform, 'UNSPECIFIED'> | '';

/** Last word about the push: an estimate, that it is right, or its id. */
type Outcome =
  | { kind: 'estimate'; devices: number; online: number }
  | { kind: 'right' }
  | { kind: 'sent'; requestId: string };

/** The form of a push: who it is for, what it says, and when. Nothing is sent before it is asked for. */
export function ComposePage({ canRead }: { canRead: boolean }) {
  const [kind, setKind] = useState<Kind>('aliases');
  const [names, setNames] = useState('');
  const [platform, setPlatform] = useState<PlatformName>('');
  const [title, setTitle] = useState('');
  const [alert, setAlert] = useState('');
  const [extraJson, setExtra] = useState('');
  const [needConfirm, setConfirm] = useState(false);
  const [sendAt, setSendAt] = useState('');
  const [outcome, setOutcome] = useState<Outcome>();
  const [sent, setSent] = useState('');
  const [isAsking, setAsking] = useState(false);
  const { isBusy, error, run } = useAction();
  // What is sent again after a cut sends nothing twice: the key is another one only of another push.
  const idempotencyKey = useMemo(newKey, [kind, names, platform, title, alert, extraJson, needConfirm, sendAt, sent]);

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
    sendAt: sendAt === '' ? undefined : timestampFromDate(new Date(sendAt)),
    idempotencyKey: dryRun ? '' : idempotencyKey,
  });
  const act = (work: () => Promise<Outcome>): Promise<void> => {
    setOutcome(undefined);
    return run(async () => setOutcome(await work()));
  };
  const send = (): Promise<void> =>
    act(async () => {
      const { requestId } = await call(method.sendPush, push(false));
      setSent(requestId);
      return { kind: 'sent', requestId };
    });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (kind === 'everyone') setAsking(true);
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
                set={setKind}
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
                set={setPlatform}
                options={[
                  ['', t('any')],
                  ...(['ANDROID', 'IOS', 'PC', 'WEB'] as const).map((name) => [name, name] as const),
                ]}
              />
            </Field>
          </div>
          {kind !== 'everyone' && (
            <Field label={t('names')} hint={t('namesHint')}>
              <TextArea value={names} set={setNames} rows={2} required />
            </Field>
          )}
          <Field label={t('titleField')}>
            <Input value={title} set={setTitle} maxLength={1024} />
          </Field>
          <Field label={t('text')}>
            <TextArea value={alert} set={setAlert} rows={3} required />
          </Field>
          <details>
            <summary>{t('more')}</summary>
            <Field label={t('extra')} hint={t('extraHint')}>
              <TextArea value={extraJson} set={setExtra} rows={3} isCode />
            </Field>
            <Field label={t('sendAt')} hint={t('sendAtHint')}>
              <Input value={sendAt} set={setSendAt} type="datetime-local" />
            </Field>
            <Check label={t('needConfirm')} isOn={needConfirm} set={setConfirm} />
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
        {isAsking && (
          <AskDialog
            question={t('sendToAllQuestion')}
            label={sendAt === '' ? t('send') : t('schedule')}
            answer={(isYes) => {
              setAsking(false);
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
    .split(/[\n,]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (kind === 'everyone') return { audience: { case: kind, value: {} } };
  if (kind === 'devices') return { audience: { case: kind, value: { ids: values } } };
  return { audience: { case: kind, value: { values } } };
}

/** A key of its own for each push: pages in plain text have no crypto.randomUUID. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join('-');
}
