import type { MessageInitShape } from '@bufbuild/protobuf';
import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { QuietHours, QuietSubjectSchema } from '../../gen/onepush/v1/quiet_hours_pb.js';
import { useAction, useAnswer } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Choice, Field, Input } from '../parts/form.js';
import { shortId } from '../parts/given.js';
import { Answered, Card, Facts, Problem, Submit } from '../parts/parts.js';
import { goToDevice, to } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

const { method } = PushCore;
type Whose = 'app' | 'alias' | 'device';

/** Page of the quiet hours of the app, of a user or of a device. */
export function QuietHoursPage(props: {
  /** The user that was asked for; empty: none. */
  alias: string;
  /** The device that was asked for; empty: none. */
  deviceId: string;
  maySet: boolean;
}) {
  const { alias, deviceId, maySet } = props;
  const known: Whose = deviceId !== '' ? 'device' : alias !== '' ? 'alias' : 'app';
  const [whose, setWhose] = useState<Whose>(known);
  const [text, setText] = useState(alias);
  const submit = (event: Event): void => {
    event.preventDefault();
    const value = text.trim();
    if (whose === 'device') goToDevice('quiet', value);
    else location.hash = whose === 'app' ? to('quiet') : to('quiet', whose, value);
  };
  return (
    <>
      <h1>{t('quietHours')}</h1>
      <p class="quiet">{t('quietHoursHint')}</p>
      <Card title={t('whoseQuietHours')}>
        <form onSubmit={submit} class="row">
          <Field label={t('whose')}>
            <Choice
              value={whose}
              set={setWhose}
              options={[
                ['app', t('everyone')],
                ['alias', t('alias')],
                ['device', t('deviceId')],
              ]}
            />
          </Field>
          {whose !== 'app' && (
            <Field label={t('value')} hint={whose === 'device' ? t('deviceIdHint') : ''}>
              <Input value={text} set={setText} required spellcheck={false} autoComplete="off" />
            </Field>
          )}
          <Submit isBusy={false}>{t('show')}</Submit>
        </form>
      </Card>
      <HoursCard whose={known} name={deviceId || alias} maySet={maySet} key={`${known} ${deviceId || alias}`} />
    </>
  );
}

function subjectOf(whose: Whose, name: string): MessageInitShape<typeof QuietSubjectSchema> {
  if (whose === 'app') return { subject: { case: 'app', value: {} } };
  return { subject: { case: whose === 'alias' ? 'alias' : 'deviceId', value: name } };
}

function HoursCard({ whose, name, maySet }: { whose: Whose; name: string; maySet: boolean }) {
  const answer = useAnswer(
    async (signal) => {
      const asked = { aliases: whose === 'alias' ? [name] : [], deviceIds: whose === 'device' ? [name] : [] };
      const { entries } = await call(method.listQuietHours, asked, signal);
      const wanted = whose === 'device' ? 'deviceId' : whose;
      return { hours: entries.find(({ subject }) => subject?.subject.case === wanted)?.hours };
    },
    [whose, name],
  );
  const { isBusy, error, run } = useAction();
  const set = (hours: Pick<QuietHours, 'from' | 'until' | 'timeZone'> | undefined): Promise<void> =>
    run(async () => {
      await call(method.setQuietHours, { subject: subjectOf(whose, name), hours });
      answer.reload();
    });
  const of = whose === 'app' ? t('everyone') : whose === 'device' ? shortId(name) : name;
  return (
    <Card
      title={whose === 'app' ? t('quietHoursOfApp') : t('quietHoursOf', { name: of })}
      actions={
        maySet &&
        answer.value?.hours !== undefined && (
          <Confirmed
            label={t('remove')}
            question={t('removeQuietQuestion', { name: of })}
            isBusy={isBusy}
            act={() => set(undefined)}
          />
        )
      }
    >
      <Answered answer={answer}>
        {({ hours }) => (
          <>
            {hours === undefined ? (
              <p class="quiet">{whose === 'app' ? t('noQuietHours') : t('noQuietHoursOf')}</p>
            ) : (
              <Facts
                facts={[
                  [t('quietFrom'), hours.from],
                  [t('quietUntil'), hours.until],
                  [t('timeZone'), hours.timeZone],
                ]}
              />
            )}
            {maySet && <HoursForm hours={hours} isBusy={isBusy} set={set} />}
          </>
        )}
      </Answered>
      <Problem text={error} />
    </Card>
  );
}

function HoursForm(props: {
  hours: QuietHours | undefined;
  isBusy: boolean;
  set: (hours: Pick<QuietHours, 'from' | 'until' | 'timeZone'>) => void;
}) {
  const { hours, isBusy, set } = props;
  const [from, setFrom] = useState(hours?.from ?? '22:00');
  const [until, setUntil] = useState(hours?.until ?? '07:00');
  const [timeZone, setZone] = useState(hours?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const submit = (event: Event): void => {
    event.preventDefault();
    set({ from, until, timeZone });
  };
  return (
    <form onSubmit={submit} class="row">
      <Field label={t('quietFrom')}>
        <Input value={from} set={setFrom} type="time" required />
      </Field>
      <Field label={t('quietUntil')}>
        <Input value={until} set={setUntil} type="time" required />
      </Field>
      <Field label={t('timeZone')}>
        <Input value={timeZone} set={setZone} required list="zones" />
      </Field>
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option value={zone} key={zone} />
        ))}
      </datalist>
      <Submit isBusy={isBusy}>{t('save')}</Submit>
    </form>
  );
}
