import { useState } from 'preact/hooks';
import { Platform } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { numberOf, toTime } from '../format.js';
import { useAction } from '../hooks.js';
import { Confirmed } from '../parts/confirmed.js';
import { Check, Choice, Field, Input } from '../parts/form.js';
import { Card, Problem, Submit } from '../parts/parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';

type PlatformName = Exclude<keyof typeof Platform, 'UNSPECIFIED'> | '';
const PLATFORMS = ['ANDROID', 'IOS', 'PC', 'WEB'] as const;

/** Last word about it: how many there are, or how many are gone. */
type Outcome = { readonly kind: 'counted' | 'removed'; readonly devices: number };

/** The form that counts devices by what they have in common, and unregisters them once they are counted. */
export function CleanUpCard({ appId }: { appId: string }) {
  const [alias, setAlias] = useState('');
  const [tag, setTag] = useState('');
  const [platform, setPlatform] = useState<PlatformName>('');
  const [from, setFrom] = useState('');
  const [before, setBefore] = useState('');
  const [unseen, setUnseen] = useState('');
  const [withoutSession, setWithoutSession] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const { isBusy, error, run } = useAction();
  // A count is of the filter that was counted: another one is to be counted first.
  const changing =
    <T,>(set: (value: T) => void) =>
    (value: T): void => {
      setOutcome(undefined);
      set(value);
    };
  const remove = (dryRun: boolean): Promise<void> =>
    run(async () => {
      let devices = 0;
      let pageToken = '';
      do {
        const answer = await call(PushCore.method.deleteDevices, {
          appId,
          alias,
          tag,
          platform: platform === '' ? Platform.UNSPECIFIED : Platform[platform],
          registeredFrom: toTime(from),
          registeredBefore: toTime(before),
          unseenSince: toTime(unseen),
          withoutSession,
          dryRun,
          pageToken,
        });
        devices += answer.devices;
        pageToken = answer.nextPageToken;
        setOutcome({ kind: dryRun ? 'counted' : 'removed', devices });
      } while (pageToken !== '');
    });
  const count = outcome?.kind === 'counted' ? outcome.devices : 0;
  return (
    <Card title={t('cleanUp')}>
      <p class="quiet">{t('cleanUpHint')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          remove(true);
        }}
      >
        <div class="fields">
          <Field label={t('alias')}>
            <Input value={alias} set={changing(setAlias)} maxLength={255} spellcheck={false} />
          </Field>
          <Field label={t('tag')}>
            <Input value={tag} set={changing(setTag)} maxLength={255} spellcheck={false} />
          </Field>
          <Field label={t('platform')}>
            <Choice
              value={platform}
              set={changing(setPlatform)}
              options={[['', t('any')], ...PLATFORMS.map((name) => [name, name] as const)]}
            />
          </Field>
          <Field label={t('registeredFrom')}>
            <Input value={from} set={changing(setFrom)} type="datetime-local" />
          </Field>
          <Field label={t('registeredBefore')}>
            <Input value={before} set={changing(setBefore)} type="datetime-local" />
          </Field>
          <Field label={t('unseenSince')}>
            <Input value={unseen} set={changing(setUnseen)} type="datetime-local" />
          </Field>
        </div>
        <Check label={t('withoutSession')} isOn={withoutSession} set={changing(setWithoutSession)} />
        <Problem text={error} />
        <p role="status" class={outcome === undefined ? '' : 'notice'}>
          {outcome !== undefined && t(outcome.kind, { count: numberOf(outcome.devices) })}
        </p>
        <div class="actions">
          <Submit isBusy={isBusy}>{t('countThem')}</Submit>
          {count > 0 && (
            <Confirmed
              label={t('unregisterThem')}
              question={t('unregisterQuestion', { count: numberOf(count) })}
              isBusy={isBusy}
              act={() => remove(false)}
            />
          )}
        </div>
      </form>
    </Card>
  );
}
