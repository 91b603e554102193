import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { type Webhook, WebhookEvent } from '../../gen/onepush/v1/webhook_pb.js';
import { useAction } from '../hooks.js';
import { Choice, Field, Input } from '../parts/form.js';
import { Button, Card, Problem, Submit } from '../parts/parts.js';
import { Secret } from '../parts/secret.js';
import { call } from '../rpc.js';
import { type TextName, t } from '../texts/index.js';

const { method } = PushCore;
const { RECEIPTS, WAKES } = WebhookEvent;
const USUAL_EVENTS = '100';
const CHOICES = { both: [RECEIPTS, WAKES], receipts: [RECEIPTS], wakes: [WAKES] } as const;
type EventsChoice = keyof typeof CHOICES;

/** Names of what a webhook may tell of. */
export const EVENT_TEXTS: Readonly<Record<EventsChoice, TextName>> = {
  both: 'bothEvents',
  receipts: 'receiptEvents',
  wakes: 'wakeEvents',
};

/** Returns what a webhook tells of. */
export function eventsOf({ events }: Webhook): EventsChoice {
  if (events.length !== 1) return 'both';
  return events[0] === WAKES ? 'wakes' : 'receipts';
}

/** The name of a webhook, or its host where it has none. */
export function webhookTitle({ name, url }: Pick<Webhook, 'name' | 'url'>): string {
  return name === '' ? new URL(url).host : name;
}

/** The form that makes a webhook. */
export function NewWebhook({ appId, made }: { appId: string; made: () => void }) {
  const [created, setCreated] = useState<{ name: string; secret: string; count: number }>();
  return (
    <Card title={t('newWebhook')}>
      <WebhookForm
        key={created?.count}
        submitText={t('add')}
        submit={async (values) => {
          const { webhook, secret } = await call(method.createWebhook, { appId, ...values });
          const name = webhook === undefined ? values.url : webhookTitle(webhook);
          setCreated({ name, secret, count: (created?.count ?? 0) + 1 });
          made();
        }}
      />
      {created !== undefined && (
        <>
          <p class="quiet">{t('webhookSecretHint')}</p>
          <Secret label={t('webhookSecret', { name: created.name })} value={created.secret} />
        </>
      )}
    </Card>
  );
}

/** The form that changes a webhook. */
export function EditWebhook(props: { appId: string; of: Webhook; done: () => void; cancel: () => void }) {
  const { appId, of, done, cancel } = props;
  return (
    <WebhookForm
      of={of}
      submitText={t('save')}
      cancel={cancel}
      submit={async (values) => {
        await call(method.updateWebhook, { appId, id: of.id, ...values });
        done();
      }}
    />
  );
}

interface WebhookValues {
  readonly name: string;
  readonly url: string;
  readonly events: WebhookEvent[];
  readonly maxEvents: number;
}

function WebhookForm(props: {
  of?: Webhook;
  submitText: string;
  cancel?: () => void;
  submit: (values: WebhookValues) => Promise<void>;
}) {
  const { of, cancel } = props;
  const [name, setName] = useState(of?.name ?? '');
  const [url, setUrl] = useState(of?.url ?? '');
  const [events, setEvents] = useState<EventsChoice>(of === undefined ? 'both' : eventsOf(of));
  const [maxEvents, setMaxEvents] = useState(of === undefined ? '' : String(of.maxEvents));
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(() =>
      props.submit({
        name,
        url: url.trim(),
        events: [...CHOICES[events]],
        maxEvents: Number(maxEvents || USUAL_EVENTS),
      }),
    );
  };
  return (
    <form onSubmit={submit} class="stack">
      <Field label={t('webhookName')}>
        <Input value={name} set={setName} maxLength={255} />
      </Field>
      <Field label={t('webhookUrl')} hint={t('webhookUrlHint')}>
        <Input
          value={url}
          set={setUrl}
          type="url"
          required
          maxLength={2048}
          placeholder="https://"
          pattern="https://.*"
          spellcheck={false}
        />
      </Field>
      <div class="row">
        <Field label={t('tellsOf')}>
          <Choice
            value={events}
            set={setEvents}
            options={[
              ['both', t(EVENT_TEXTS.both)],
              ['receipts', t(EVENT_TEXTS.receipts)],
              ['wakes', t(EVENT_TEXTS.wakes)],
            ]}
          />
        </Field>
        <Field label={t('maxEvents')} hint={t('maxEventsHint')}>
          <Input value={maxEvents} set={setMaxEvents} type="number" min="1" max="500" placeholder={USUAL_EVENTS} />
        </Field>
      </div>
      <Problem text={error} />
      <div class="actions">
        <Submit isBusy={isBusy}>{props.submitText}</Submit>
        {cancel !== undefined && <Button act={cancel}>{t('cancel')}</Button>}
      </div>
    </form>
  );
}
