import { useState } from 'preact/hooks';
import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { useAction } from '../hooks.js';
import { Choice, Field, Input } from '../parts/form.js';
import { Caution, Problem, Submit } from '../parts/parts.js';
import { t } from '../texts/index.js';
import type { ModeName } from './app-marks.js';

/** The form of what an app is called and who may register, with what follows from that. */
export function AppForm(props: {
  name: string;
  mode: ModeName;
  submitText: string;
  save: (app: { name: string; registration: RegistrationMode }) => Promise<unknown>;
}) {
  const [name, setName] = useState(props.name);
  const [mode, setMode] = useState(props.mode);
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    run(() => props.save({ name, registration: RegistrationMode[mode] }));
  };
  return (
    <form onSubmit={submit} class="stack">
      <Field label={t('name')}>
        <Input value={name} set={setName} required maxLength={255} />
      </Field>
      <Field label={t('registration')}>
        <Choice
          value={mode}
          set={setMode}
          options={[
            ['SIGNED', t('modeSigned')],
            ['BOTH', t('modeBoth')],
            ['OPEN', t('modeOpen')],
          ]}
        />
      </Field>
      {mode !== 'SIGNED' && <Caution>{t(mode === 'OPEN' ? 'openCaution' : 'bothCaution')}</Caution>}
      <Problem text={error} />
      <Submit isBusy={isBusy}>{props.submitText}</Submit>
    </form>
  );
}
