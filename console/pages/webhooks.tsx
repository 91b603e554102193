import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { type TestWebhookResponse, type Webhook, WebhookState } from '../../gen/onepush/v1/webhook_pb.js';
import { numberOf, timeOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Given } from '../parts/given.js';
import { Answered, Badge, Button, Card, Caution, Facts, Problem } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { stepOf } from '../webhook-steps.js';
import { EditWebhook, EVENT_TEXTS, eventsOf, NewWebhook, webhookTitle } from './webhook-form.js';
import { DeadLetters, ReplayFrom } from './webhook-replay.js';

const { method } = PushCore;
const EVERY_MS = 5000;
const STATES = {
  [WebhookState.UNSPECIFIED]: ['plain', 'unknown'],
  [WebhookState.ACTIVE]: ['good', 'active'],
  [WebhookState.FAILING]: ['warn', 'failing'],
  [WebhookState.DISABLED]: ['bad', 'disabled'],
  [WebhookState.LOCKED]: ['bad', 'locked'],
} as const;

/** The webhooks of an app, how they stand and what to do about it, and the form that makes one. */
export function WebhooksCard({ appId, mayChange }: { appId: string; mayChange: boolean }) {
  const answer = useAnswer((signal) => call(method.listWebhooks, { appId }, signal), [appId], EVERY_MS);
  return (
    <>
      <Card title={t('webhooks')}>
        <p class="quiet">{t('webhooksHint')}</p>
        <Answered answer={answer}>
          {({ webhooks }) =>
            webhooks.length === 0 ? (
              <div class="empty">{t(mayChange ? 'noWebhooks' : 'noWebhooksRead')}</div>
            ) : (
              webhooks.map((each) => (
                <WebhookPart key={each.id} appId={appId} of={each} mayChange={mayChange} changed={answer.reload} />
              ))
            )
          }
        </Answered>
      </Card>
      {mayChange && <NewWebhook appId={appId} made={answer.reload} />}
    </>
  );
}

interface WebhookProps {
  appId: string;
  of: Webhook;
  mayChange: boolean;
  changed: () => void;
}

function WebhookPart(props: WebhookProps) {
  const { appId, of, mayChange, changed } = props;
  const [isEdited, setEdited] = useState(false);
  const [kind, word] = STATES[of.state];
  const name = webhookTitle(of);
  const replay = { appId, id: of.id, name, mayChange, changed };
  return (
    <article class="part" aria-label={name}>
      <h3>
        <Given>{name}</Given> <Badge kind={kind}>{t(word)}</Badge>
      </h3>
      <code>{of.url}</code>
      <NextStep of={of} />
      {isEdited ? (
        <EditWebhook
          appId={appId}
          of={of}
          cancel={() => setEdited(false)}
          done={() => {
            setEdited(false);
            changed();
          }}
        />
      ) : (
        <>
          <Facts facts={factsOf(of)} />
          {mayChange && <Actions {...props} edit={() => setEdited(true)} />}
        </>
      )}
      <Unfolded title={t('deadLetterCount', { count: numberOf(of.deadLetters) })}>
        <DeadLetters {...replay} />
      </Unfolded>
      {mayChange && (
        <Unfolded title={t('replayFrom')}>
          <ReplayFrom {...replay} />
        </Unfolded>
      )}
    </article>
  );
}

/** Says since when it does not go on, why, and how it would. */
function NextStep({ of: { state, reason, failingSince, disabledAt } }: { of: Webhook }) {
  if (state === WebhookState.ACTIVE) return null;
  return (
    <Caution>
      {state === WebhookState.DISABLED && t('disabledSince', { time: timeOf(disabledAt) })}
      {state === WebhookState.FAILING && t('failingSince', { time: timeOf(failingSince) })} {t(stepOf(reason))}{' '}
      <code class="quiet">{reason}</code>
    </Caution>
  );
}

function factsOf(of: Webhook): readonly (readonly [string, ComponentChildren])[] {
  const facts: (readonly [string, ComponentChildren])[] = [
    [t('tellsOf'), t(EVENT_TEXTS[eventsOf(of)])],
    [t('untoldSince'), of.oldestUntoldAt === undefined ? t('allTold') : <Time at={of.oldestUntoldAt} relative />],
    [t('missed'), <span title={t('missedHint')}>{numberOf(Number(of.missed))}</span>],
    [t('maxEvents'), numberOf(of.maxEvents)],
    [t('created'), <Time at={of.createdAt} />],
  ];
  if (of.nextAttemptAt !== undefined) facts.push([t('nextAttempt'), <Time at={of.nextAttemptAt} relative />]);
  if (of.oldSecretUntil !== undefined) facts.push([t('oldSecretUntil'), <Time at={of.oldSecretUntil} />]);
  return facts;
}

/** A part that is made when it is opened. */
function Unfolded({ title, children }: { title: string; children: ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && children}
    </details>
  );
}

function Actions(props: WebhookProps & { edit: () => void }) {
  const { appId, of, changed } = props;
  const { id } = of;
  const name = webhookTitle(of);
  const [result, setResult] = useState<TestWebhookResponse>();
  const [secret, setSecret] = useState('');
  const { isBusy, error, run } = useAction();
  const act = (work: () => Promise<unknown>): Promise<void> =>
    run(async () => {
      setResult(undefined);
      await work();
      changed();
    });
  const isDisabled = of.disabledAt !== undefined;
  return (
    <>
      <div class="actions">
        <Button isBusy={isBusy} act={() => act(async () => setResult(await call(method.testWebhook, { appId, id })))}>
          {t('test')}
        </Button>
        <Button isBusy={isBusy} act={() => act(() => call(method.updateWebhook, { appId, id, enabled: isDisabled }))}>
          {t(isDisabled ? 'enable' : 'disable')}
        </Button>
        <Button act={props.edit}>{t('edit')}</Button>
        <Confirmed
          label={t('newSecret')}
          question={t('newSecretQuestion', { name })}
          isBusy={isBusy}
          act={() => act(async () => setSecret((await call(method.rotateWebhookSecret, { appId, id })).secret))}
        />
        <Confirmed
          label={t('delete')}
          question={t('deleteWebhookQuestion', { name })}
          isBusy={isBusy}
          act={() => act(() => call(method.deleteWebhook, { appId, id }))}
        />
      </div>
      <p role="status">{result === undefined ? isBusy && t('testing') : <TestResult of={result} />}</p>
      <Problem text={error} />
      {secret !== '' && <Secret label={t('webhookSecret', { name })} value={secret} />}
    </>
  );
}

function TestResult({ of: { status, reason, milliseconds } }: { of: TestWebhookResponse }) {
  const word = status === 0 ? t('noAnswer') : t(reason === '' ? 'taken' : 'refused');
  const answer = status === 0 ? reason : `HTTP ${status}`;
  return (
    <>
      <Badge kind={reason === '' ? 'good' : 'bad'}>{word}</Badge>{' '}
      {t('tested', { status: answer, ms: numberOf(milliseconds) })} {reason !== '' && t(stepOf(reason))}
    </>
  );
}
