import { useState } from 'preact/hooks';
import type { LimitUsage } from '../../gen/onepush/v1/limit_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { numberOf } from '../format.js';
import { useAction, useAnswer } from '../hooks.js';
import { Field, Input } from '../parts/form.js';
import { Answered, Badge, Card, Problem, Submit, Table } from '../parts/parts.js';
import { call } from '../rpc.js';
import { type TextName, t } from '../texts/index.js';

const { method } = PushCore;
const EVERY_MS = 5000;

/** Limits by the names that refusals have, with what they are called in the request that sets them. */
const LIMITS = {
  'app.registrations': ['registrationsPerSecond', 'limitRegistrations'],
  'app.sends': ['sendsPerSecond', 'limitSends'],
  'app.deliveries': ['deliveriesPerSecond', 'limitDeliveries'],
  'app.devices': ['devices', 'limitDevices'],
  'app.tags': ['tags', 'limitTags'],
  'app.openJobs': ['openJobs', 'limitOpenJobs'],
  'app.sendStreams': ['sendStreams', 'limitSendStreams'],
  'app.receiptStreams': ['receiptStreams', 'limitReceiptStreams'],
} as const satisfies Record<string, readonly [string, TextName]>;
type LimitName = keyof typeof LIMITS;

function isKnown(name: string): name is LimitName {
  return name in LIMITS;
}

/** The limits of an app, and what it uses of them. `mayEdit`: with the form that gives it some of its own. */
export function LimitsCard({ appId, mayEdit = false }: { appId: string; mayEdit?: boolean }) {
  const answer = useAnswer((signal) => call(method.getUsage, { id: appId }, signal), [appId], EVERY_MS);
  return (
    <>
      <Card title={t('usage')}>
        <Answered answer={answer}>
          {({ limits }) => (
            <Table
              label={t('usage')}
              head={[t('limit'), t('used'), t('most'), t('refusedLastHour')]}
              empty={t('noLimits')}
              numbers={[1, 2, 3]}
              rows={limits.map(({ name, used, limit, own, refusedLastHour }) => [
                <>
                  {isKnown(name) && t(LIMITS[name][1])} <code class="quiet">{name}</code>
                </>,
                <span class="used">
                  <span>{numberOf(used)}</span>
                  {limit > 0 ? <meter min={0} max={limit} value={used} aria-label={name} /> : <span />}
                </span>,
                <>
                  {own && <Badge kind="plain">{t('own')}</Badge>} {limit === 0 ? t('unlimited') : numberOf(limit)}
                </>,
                refusedLastHour === 0 ? '0' : <span class="warn">{numberOf(refusedLastHour)}</span>,
              ])}
            />
          )}
        </Answered>
      </Card>
      {mayEdit && answer.value !== undefined && (
        <OwnLimits appId={appId} limits={answer.value.limits} changed={answer.reload} />
      )}
    </>
  );
}

function OwnLimits(props: { appId: string; limits: readonly LimitUsage[]; changed: () => void }) {
  const { appId, limits, changed } = props;
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(limits.filter(({ own }) => own).map(({ name, limit }) => [name, String(limit)])),
  );
  const [isSaved, setSaved] = useState(false);
  const { isBusy, error, run } = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    setSaved(false);
    run(async () => {
      const given = Object.entries(values).filter((pair): pair is [LimitName, string] => isKnown(pair[0]));
      const own = given.filter(([, value]) => value !== '').map(([name, value]) => [LIMITS[name][0], Number(value)]);
      await call(method.setAppLimits, { id: appId, limits: Object.fromEntries(own) });
      setSaved(true);
      changed();
    });
  };
  return (
    <Card title={t('ownLimits')}>
      <p class="quiet">{t('ownLimitsHint')}</p>
      <form onSubmit={submit}>
        <div class="fields">
          {limits
            .filter(({ name }) => isKnown(name))
            .map(({ name, limit, own }) => (
              <Field key={name} label={isKnown(name) ? t(LIMITS[name][1]) : name}>
                <Input
                  value={values[name] ?? ''}
                  set={(value) => setValues({ ...values, [name]: value })}
                  type="number"
                  min="0"
                  placeholder={own ? '' : limit === 0 ? t('unlimited') : numberOf(limit)}
                />
              </Field>
            ))}
        </div>
        <Problem text={error} />
        <div class="actions">
          <Submit isBusy={isBusy}>{t('save')}</Submit>
          <span role="status">{isSaved && t('saved')}</span>
        </div>
      </form>
    </Card>
  );
}
