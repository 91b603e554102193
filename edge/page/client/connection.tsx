import { useState } from 'preact/hooks';
import { ChoiceField, Fold, type Form, PLATFORMS, TextField } from './field.js';
import type { NotificationState } from './notifications.js';
import type { ThisDevice } from './use-device.js';
import { words } from './words.js';

/** Looks of a state: a colour that goes with its words. */
export type Mood = 'quiet' | 'busy' | 'good' | 'bad';

/** Returns a state in words. */
function describeState({ state, refusal, isUnreachable }: ThisDevice): { mood: Mood; text: string } {
  const trouble = refusal === undefined ? undefined : words.refused(refusal);
  switch (state.name) {
    case 'idle':
      return { mood: 'quiet', text: words.idle };
    case 'registering':
      return { mood: 'busy', text: words.registering };
    case 'connecting':
      return { mood: 'busy', text: words.connecting };
    case 'open':
      return { mood: 'good', text: words.open };
    case 'following':
      return state.isOpen ? { mood: 'good', text: words.openElsewhere } : { mood: 'busy', text: words.following };
    case 'waiting':
      return { mood: 'busy', text: trouble ?? (isUnreachable ? words.unreachable : words.waiting) };
    case 'paused':
      return { mood: 'busy', text: state.cause === 'app' ? words.idle : words[state.cause] };
    case 'closed':
      if (state.reason === 'refused') return { mood: 'bad', text: trouble ?? words.refused(words.refusedUnknown) };
      return { mood: state.reason === 'closed' ? 'quiet' : 'bad', text: words[state.reason] };
  }
}

/** Returns true while the device is connected, or is about to be. */
export function isConnecting({ state }: ThisDevice): boolean {
  return state.name !== 'idle' && state.name !== 'closed';
}

/** The part that connects this browser, and says how that is. */
export function Connection({ form, device }: { form: Form; device: ThisDevice }) {
  const { mood, text } = describeState(device);
  const isOn = isConnecting(device);
  return (
    <section id="device-part" aria-labelledby="device-title">
      <h2 id="device-title">{words.thisBrowser}</h2>
      {!isOn && <Connect form={form} connect={device.connect} />}
      <p id="status" role="status" data-mood={mood} data-state={device.state.name}>
        <span class="dot" aria-hidden="true" />
        {text}
      </p>
      {isOn && <Connected form={form} device={device} />}
    </section>
  );
}

function Connect({ form, connect }: { form: Form; connect: () => void }) {
  return (
    <form
      class="grid"
      id="device-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        connect();
      }}
    >
      <TextField form={form} name="appId" label={words.app} />
      <TextField form={form} name="alias" label={words.user} />
      <button type="submit" id="connect" class="main wide">
        {words.connect}
      </button>
      <div class="wide">
        <Fold id="device-more" summary={words.more}>
          <div class="grid">
            <ChoiceField form={form} name="platform" label={words.platform} options={PLATFORMS} />
            <TextField form={form} name="mobile" label={words.mobile} placeholder={words.optional} />
            <TextField form={form} name="tags" label={words.tags} placeholder={words.optional} isWide />
            <TextField
              form={form}
              name="registrationToken"
              label={words.registrationToken}
              placeholder={words.optional}
              isSecret
              isWide
            />
          </div>
        </Fold>
      </div>
    </form>
  );
}

function Connected({ form, device }: { form: Form; device: ThisDevice }) {
  const [isShown, setShown] = useState(false);
  const { id } = device;
  return (
    <>
      <div class="line">
        <strong id="identity">{words.connectedAs(form.fields.alias, form.fields.appId)}</strong>
        <button id="disconnect" type="button" class="small" onClick={device.disconnect}>
          {words.disconnect}
        </button>
      </div>
      <Notify device={device} />
      <Fold id="device-more" summary={words.more}>
        {id !== undefined && (
          <>
            <p class="note">{words.deviceId}</p>
            <div class="line">
              <code id="device-id">{isShown ? id : '•'.repeat(12)}</code>
              <button id="show-id" type="button" class="small" onClick={() => setShown(!isShown)}>
                {isShown ? words.hide : words.show}
              </button>
            </div>
          </>
        )}
        <div class="line">
          <span class="note">{words.forgetNote}</span>
          <button id="forget" type="button" class="small" onClick={device.forget}>
            {words.forget}
          </button>
        </div>
      </Fold>
    </>
  );
}

const NOTIFY_WORDS: Readonly<Record<NotificationState, string>> = {
  on: words.notifyOn,
  off: words.notifyOff,
  failed: words.notifyFailed,
  'no key': words.notifyNoKey,
  insecure: words.notifyInsecure,
  unsupported: words.notifyUnsupported,
  denied: words.notifyDenied,
};

function Notify({ device }: { device: ThisDevice }) {
  const { notifications: state, notify } = device;
  return (
    <div class="line" id="notify-part">
      <p id="notify-note" class="note" role="status" data-state={state}>
        {NOTIFY_WORDS[state]}
      </p>
      {(state === 'off' || state === 'failed') && (
        <button id="notify" type="button" class="small" onClick={notify}>
          {words.turnOn}
        </button>
      )}
    </div>
  );
}
