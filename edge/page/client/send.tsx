import { useState } from 'preact/hooks';
import { ChoiceField, Fold, type Form, PLATFORMS, TextField, TickField } from './field.js';
import { SendError, sendPush, toCommand } from './send-push.js';
import { words } from './words.js';

/** The outcome of the last send. */
type Outcome =
  | { readonly name: 'none' | 'busy' }
  | { readonly name: 'ok'; readonly requestId: string; readonly isLater: boolean }
  | { readonly name: 'error'; readonly error: SendError };

const NOTHING_WRONG = { names: [], message: '' };
/** Time in which one can close the page, in milliseconds. */
const LATER_MS = 10_000;

/** The part that sends. */
export function Send(props: { form: Omit<Form, 'wrong'>; canNotify: boolean }) {
  const { fields, change } = props.form;
  const [outcome, setOutcome] = useState<Outcome>({ name: 'none' });
  const error = outcome.name === 'error' ? outcome.error : undefined;
  const form: Form = {
    fields,
    change(changes) {
      if (outcome.name === 'error') setOutcome({ name: 'none' });
      change(changes);
    },
    wrong: error === undefined ? NOTHING_WRONG : { names: error.fields, message: error.message },
  };

  async function send(isLater: boolean): Promise<void> {
    setOutcome({ name: 'busy' });
    try {
      const more = isLater ? { sendAt: new Date(Date.now() + LATER_MS).toISOString() } : {};
      setOutcome({ name: 'ok', requestId: await sendPush(fields, more), isLater });
    } catch (thrown) {
      const failure = thrown instanceof SendError ? thrown : new SendError(words.noAnswer);
      setOutcome({ name: 'error', error: failure });
      focusOn(failure.fields);
    }
  }

  return (
    <section id="send-part" aria-labelledby="send-title">
      <h2 id="send-title">{words.send}</h2>
      <form
        class="grid"
        id="send-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send(false);
        }}
      >
        <TextField form={form} name="alert" label={words.text} rows={2} isWide />
        <ChoiceField
          form={form}
          name="to"
          label={words.to}
          options={{ user: words.toUser(fields.alias), everyone: words.toEveryone, others: words.toOthers }}
        />
        <TextField form={form} name="appKey" label={words.key} placeholder={words.keyNote} isSecret />
        {fields.to === 'others' && (
          <>
            <ChoiceField form={form} name="audienceType" label={words.audienceType} options={words.audienceTypes} />
            <TextField form={form} name="audiences" label={words.audiences} />
          </>
        )}
        <div class="line wide">
          <TickField form={form} name="needConfirm" label={words.needConfirm} />
          <button id="send" type="submit" class="main">
            {words.send}
          </button>
        </div>
        <p id="send-result" class="wide" role="status" data-outcome={outcome.name} data-request-id={idOf(outcome)}>
          {describeOutcome(outcome)}
        </p>
        {props.canNotify && (
          <button id="try-soon" type="button" class="small wide" onClick={() => void send(true)}>
            {words.trySoon}
          </button>
        )}
        <div class="folds wide">
          <MoreFields form={form} />
          <Command form={form} />
        </div>
      </form>
    </section>
  );
}

function idOf(outcome: Outcome): string | undefined {
  return outcome.name === 'ok' ? outcome.requestId : undefined;
}

function describeOutcome(outcome: Outcome): string {
  switch (outcome.name) {
    case 'none':
      return '';
    case 'busy':
      return words.sending;
    case 'ok':
      return outcome.isLater ? words.tryCloseNow : `${words.sent} ${outcome.requestId}`;
    case 'error':
      return outcome.error.message;
  }
}

/** Goes to the first field that is wrong, and unfolds what it is in. */
function focusOn(names: readonly string[]): void {
  for (const name of names) {
    const input = document.querySelector<HTMLElement>(`#send-form [name=${CSS.escape(name)}]`);
    if (input === null) continue;
    const fold = input.closest('details');
    if (fold !== null) fold.open = true;
    input.focus();
    return;
  }
}

function MoreFields({ form }: { form: Form }) {
  const optional = { form, placeholder: words.optional };
  return (
    <Fold id="send-more" summary={words.moreFields}>
      <div class="grid">
        <TextField {...optional} name="title" label={words.notificationTitle} />
        <TextField {...optional} name="clickTarget" label={words.clickTarget} />
        <TextField {...optional} name="extra" label={words.extra} rows={2} isCode isWide />
        <ChoiceField form={form} name="pushMsgType" label={words.kind} options={words.kinds} />
        <ChoiceField
          form={form}
          name="toPlatform"
          label={words.toPlatform}
          options={{ ALL: words.all, ...PLATFORMS }}
        />
        <TextField {...optional} name="duration" label={words.duration} />
        <TextField {...optional} name="tenantCode" label={words.tenantCode} />
        <TextField {...optional} name="sound" label={words.sound} />
        <TextField {...optional} name="badge" label={words.badge} />
        <TextField {...optional} name="sender" label={words.sender} />
        <TextField {...optional} name="sendDeive" label={words.sendDevice} />
        <TextField {...optional} name="smsMessage" label={words.smsMessage} isWide />
        <div class="wide">
          <TickField form={form} name="clearOnRead" label={words.clearOnRead} />
        </div>
        <TextField {...optional} name="idempotencyKey" label={words.idempotencyKey} isCode isWide />
      </div>
    </Fold>
  );
}

function Command({ form }: { form: Form }) {
  const [isCopied, setCopied] = useState(false);
  const command = toCommand(form.fields);

  async function copy(): Promise<void> {
    getSelection()?.selectAllChildren(document.querySelector('#curl') ?? document.body);
    // Only on https and on this machine; elsewhere it is selected.
    await navigator.clipboard?.writeText(command).then(
      () => setCopied(true),
      () => {},
    );
  }

  return (
    <Fold id="command" summary={words.asCommand}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre id="curl" tabIndex={0}>
        {command}
      </pre>
      <button id="copy" type="button" class="small" onClick={() => void copy()}>
        {isCopied ? words.copied : words.copy}
      </button>
    </Fold>
  );
}
