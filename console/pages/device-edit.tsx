import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Device } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { useAction } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Check, Field, Input, TextArea } from '../parts/form.js';
import { shortId } from '../parts/given.js';
import { Button, Card, Caution, Problem, Submit } from '../parts/parts.js';
import { goToDevice } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;

/** The form that changes a device, or unregisters it. */
export function DeviceEdit(props: { device: Device; done: () => void; cancel: () => void }) {
  const { device, done, cancel } = props;
  const { deviceId } = device;
  const [alias, setAlias] = useState(device.alias);
  const [mobile, setMobile] = useState(device.mobile);
  const [tags, setTags] = useState(device.tags.join('\n'));
  const [removePush, setRemovePush] = useState(false);
  const { isBusy, error, run } = useAction();
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector('input')?.focus(), []);
  const save = (event: Event): void => {
    event.preventDefault();
    run(async () => {
      const wanted = tags.split('\n').map((tag) => tag.trim());
      await call(method.updateDevice, {
        deviceId,
        addTags: wanted.filter((tag) => tag !== '' && !device.tags.includes(tag)),
        removeTags: device.tags.filter((tag) => !wanted.includes(tag)),
        ...(alias !== device.alias && { alias }),
        ...(mobile !== device.mobile && { mobile }),
        removePush,
      });
      done();
    });
  };
  const unregister = (): Promise<void> =>
    run(async () => {
      await call(method.unregisterDevice, { deviceId });
      done();
    });
  const name = shortId(deviceId);
  return (
    <Card title={t('changeDevice', { name })}>
      <form onSubmit={save} class="stack" ref={form}>
        <Field label={t('alias')}>
          <Input value={alias} set={setAlias} required maxLength={255} spellcheck={false} />
        </Field>
        {alias !== device.alias && <Caution>{t('handsCaution')}</Caution>}
        <Field label={t('mobile')}>
          <Input value={mobile} set={setMobile} maxLength={32} />
        </Field>
        <Field label={t('tags')} hint={t('tagsHint')}>
          <TextArea value={tags} set={setTags} rows={3} />
        </Field>
        {device.token !== undefined && <Check label={t('removeToken')} isOn={removePush} set={setRemovePush} />}
        <p>
          <button type="button" class="link" onClick={() => goToDevice('quiet', deviceId)}>
            {t('quietHours')}
          </button>
        </p>
        <Problem text={error} />
        <div class="actions">
          <Submit isBusy={isBusy}>{t('save')}</Submit>
          <Button act={cancel}>{t('cancel')}</Button>
          <Confirmed
            label={t('unregister')}
            question={t('unregisterOneQuestion', { name, alias: device.alias })}
            isBusy={isBusy}
            act={unregister}
          />
        </div>
      </form>
    </Card>
  );
}
