import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Channel, type ChannelCredential } from '../../gen/onepush/v1/channel_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import {
  CHANNEL_FIELDS,
  type ChannelField,
  type ChannelName,
  type FieldValues,
  fieldsOf,
  NotJsonError,
  toSettings,
} from '../channels/fields.js';
import { useAction } from '../hooks.js';
import { Check, Choice, Field, Input, TextArea } from '../parts/form.js';
import { Button, Card, Problem, Submit } from '../parts/parts.js';
import { call } from '../rpc.js';
import { channelHint, t } from '../texts/index.js';

// Object.keys of a Record are its keys.
const CHANNELS = Object.keys(CHANNEL_FIELDS) as ChannelName[];
/** Settings that few need, which stand behind the others. */
const RARE = new Set(['title', 'text', 'baseUrl', 'ca', 'perSecond', 'concurrent', 'tokenUri', 'maxText']);

/** The form of a channel's settings. `replaced`: the one whose settings it gives anew. */
export function ChannelForm(props: {
  appId: string;
  replaced: ChannelCredential | undefined;
  done: () => void;
  cancel: () => void;
}) {
  const { appId, replaced, done, cancel } = props;
  const [name, setName] = useState(replaced?.name ?? '');
  const [channel, setChannel] = useState<ChannelName>(nameOf(replaced?.channel));
  const [values, setValues] = useState<FieldValues>(() => knownValues(nameOf(replaced?.channel), replaced));
  const { isBusy, error, run } = useAction();
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    // Whoever pressed "Replace" goes on here.
    if (replaced !== undefined) form.current?.querySelector<HTMLElement>('.field select, .field input')?.focus();
  }, []);
  const submit = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      const settingsJson = JSON.stringify(settingsOf(channel, values));
      await call(PushCore.method.setChannel, { appId, name, channel: Channel[channel], settingsJson });
      setName('');
      setValues({});
      done();
    });
  };
  const set = (field: string) => (value: string) => setValues({ ...values, [field]: value });
  const fields = fieldsOf(channel, values);
  const toInput = (field: ChannelField) => (
    <SettingInput key={field.name} field={field} value={values[field.name] ?? ''} set={set(field.name)} />
  );
  return (
    <Card title={replaced === undefined ? t('newChannel') : t('replaceChannel', { name: replaced.name })}>
      <p class="quiet">{t(replaced === undefined ? 'settingsHint' : 'replaceHint')}</p>
      <form onSubmit={submit} class="stack" ref={form}>
        <div class="row">
          <Field label={t('channel')}>
            <Choice
              value={channel}
              set={(next) => {
                setValues({});
                setChannel(next);
              }}
              options={CHANNELS.map((each) => [each, t(`channel${each}`)] as const)}
            />
          </Field>
          {replaced === undefined && (
            <Field label={t('name')} hint={t('channelNameHint')}>
              <Input value={name} set={setName} required maxLength={64} pattern="[A-Za-z0-9_.\-]+" spellcheck={false} />
            </Field>
          )}
        </div>
        {fields.filter((field) => !RARE.has(field.name)).map(toInput)}
        <details>
          <summary>{t('more')}</summary>
          {fields.filter((field) => RARE.has(field.name)).map(toInput)}
        </details>
        <Problem text={error} />
        <div class="actions">
          <Submit isBusy={isBusy}>{t('save')}</Submit>
          {replaced !== undefined && <Button act={cancel}>{t('cancel')}</Button>}
        </div>
      </form>
    </Card>
  );
}

function SettingInput(props: { field: ChannelField; value: string; set: (value: string) => void }) {
  const { field, value, set } = props;
  const { name, kind, isRequired, options, example } = field;
  if (kind === 'yes') {
    return (
      <Check label={`${name}: ${channelHint(name)}`} isOn={value === 'yes'} set={(isOn) => set(isOn ? 'yes' : '')} />
    );
  }
  return (
    <Field label={isRequired ? name : `${name} (${t('optional')})`} hint={channelHint(name)}>
      {kind === 'choice' ? (
        <Choice
          value={value}
          set={set}
          options={[
            ...(isRequired ? [] : [['', t('byDefault')] as const]),
            ...options.map((option) => [String(option), String(option)] as const),
          ]}
        />
      ) : kind === 'json' || kind === 'lines' ? (
        <TextArea value={value} set={set} rows={example === '' ? 5 : 2} required={isRequired} isCode />
      ) : (
        <Input
          value={value}
          set={set}
          required={isRequired}
          placeholder={example}
          spellcheck={false}
          autoComplete="off"
          type={kind === 'secret' ? 'password' : kind === 'number' ? 'number' : 'text'}
          {...(kind === 'number' && { step: 'any', min: '0' })}
        />
      )}
    </Field>
  );
}

function nameOf(channel: Channel | undefined): ChannelName {
  return CHANNELS.find((name) => Channel[name] === channel) ?? 'APNS';
}

/** Returns what is known of the settings: secrets never are. */
function knownValues(channel: ChannelName, replaced: ChannelCredential | undefined): FieldValues {
  const known = replaced?.settings ?? {};
  return Object.fromEntries(
    fieldsOf(channel, known).flatMap(({ name }) => {
      const value = known[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** @throws Error with words for people */
function settingsOf(channel: ChannelName, values: FieldValues): Readonly<Record<string, unknown>> {
  try {
    return toSettings(channel, values);
  } catch (cause) {
    if (cause instanceof NotJsonError) throw new Error(t('notJson', { name: cause.field }));
    throw cause;
  }
}
