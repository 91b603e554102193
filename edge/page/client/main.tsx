/** The page at `/`: connects this browser as a device, sends to it, and shows what arrives. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Connection, isConnecting } from './connection.js';
import type { Form } from './field.js';
import { type Fields, recallFields, rememberFields } from './memory.js';
import { Messages } from './messages.js';
import { Send } from './send.js';
import { TRIAL } from './trial.js';
import { useDevice } from './use-device.js';
import { language, words } from './words.js';

const FIRST: Fields = {
  appId: TRIAL.appId,
  alias: 'alice',
  platform: 'WEB',
  tags: '',
  mobile: '',
  registrationToken: '',
  appKey: TRIAL.appKey,
  to: 'user',
  audienceType: 'ALIAS',
  audiences: '',
  alert: words.greeting,
  needConfirm: false,
  clearOnRead: false,
  extra: '',
  toPlatform: 'ALL',
  pushMsgType: 'MSG',
  duration: '',
  title: '',
  clickTarget: '',
  sound: '',
  badge: '',
  tenantCode: '',
  sender: '',
  sendDeive: '',
  smsMessage: '',
  idempotencyKey: '',
  autoConfirm: false,
};
const NOTHING_WRONG = { names: [], message: '' };

/** Returns what was typed before; the key that is known is that of the trial app alone. */
function recall(): Fields {
  const fields = recallFields(FIRST);
  return { ...fields, appKey: fields.appId === TRIAL.appId ? TRIAL.appKey : '' };
}

function Page() {
  const [fields, setFields] = useState(recall);
  const device = useDevice(fields);
  const form: Form = {
    fields,
    change: (changes) => setFields((before) => ({ ...before, ...changes })),
    wrong: NOTHING_WRONG,
  };
  useEffect(() => rememberFields(fields), [fields]);
  const isOn = isConnecting(device);
  return (
    <>
      <header>
        <div>
          <h1>ONE-PUSH</h1>
          <nav aria-label={words.docs}>
            <a href={words.contractPath}>{words.contract}</a>
            <a href="/docs/devices.md">{words.apps}</a>
            <a href="/openapi.json">{words.api}</a>
          </nav>
        </div>
      </header>
      <main class={isOn ? 'on' : 'off'}>
        {!isOn && <p class="intro">{words.intro}</p>}
        <Connection form={form} device={device} />
        <Send form={form} canNotify={isOn && device.notifications === 'on'} />
        <Messages form={form} device={device} isOn={isOn} />
      </main>
    </>
  );
}

document.documentElement.lang = language;
document.title = words.title;
render(<Page />, document.body);
