import { useState } from 'preact/hooks';
import { type Device, Platform } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { DeviceTimelineResponse } from '../../gen/onepush/v1/query_pb.js';
import { timeOf } from '../format.js';
import { to, useAnswer } from '../hooks.js';
import { Answered, Badge, Card, Choice, Field, Input, Table } from '../parts.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { findingsOf, unknownDevice } from '../why.js';
import { Pager } from './pager.js';
import { deliveryStateOf } from './push.js';

const { method } = PushCore;
const PAGE_SIZE = 30;
const EVERY_MS = 5000;
type By = 'alias' | 'tag' | 'id';
const LEVELS = { arrived: 'good', waits: 'warn', lost: 'bad', nothing: 'plain' } as const;

/** Devices of a user or a tag, and what came of the pushes for them. `by` and `name`: what was asked for last. */
export function DevicesPage({ by, name }: { by: string | undefined; name: string | undefined }) {
  const known: By = by === 'tag' || by === 'id' ? by : 'alias';
  const [kind, setKind] = useState<By>(known);
  const [text, setText] = useState(name ?? '');
  const submit = (event: Event): void => {
    event.preventDefault();
    location.hash = to('devices', kind, text.trim());
  };
  return (
    <>
      <h1>{t('devices')}</h1>
      <Card title={t('findDevices')}>
        <form onSubmit={submit} class="row">
          <Field label={t('findBy')}>
            <Choice
              value={kind}
              set={setKind}
              options={[
                ['alias', t('alias')],
                ['tag', t('tag')],
                ['id', t('deviceId')],
              ]}
            />
          </Field>
          <Field label={t('value')}>
            <Input value={text} set={setText} required spellcheck={false} />
          </Field>
          <button type="submit" class="primary">
            {t('find')}
          </button>
        </form>
      </Card>
      {name !== undefined && known !== 'id' && <DeviceList by={known} name={name} key={`${known} ${name}`} />}
      {name !== undefined && known !== 'tag' && <Timeline by={known} name={name} key={`timeline ${name}`} />}
    </>
  );
}

function DeviceList({ by, name }: { by: 'alias' | 'tag'; name: string }) {
  const [tokens, setTokens] = useState<readonly string[]>(['']);
  const answer = useAnswer(
    (signal) =>
      call(
        method.listDevices,
        { filter: { case: by, value: name }, pageSize: PAGE_SIZE, pageToken: tokens.at(-1) ?? '' },
        signal,
      ),
    [by, name, tokens],
    EVERY_MS,
  );
  return (
    <Card title={t('devices')}>
      <Answered answer={answer}>
        {({ devices, nextPageToken }) => (
          <>
            <Table
              label={t('devices')}
              head={[t('device'), t('alias'), t('platform'), t('state'), t('tags'), t('token'), t('registered')]}
              empty={t('noDevices')}
              rows={devices.map((device) => [
                <a href={to('devices', 'id', device.deviceId)}>
                  <code>{device.deviceId.slice(0, 8)}…</code>
                </a>,
                <a href={to('devices', 'alias', device.alias)}>{device.alias}</a>,
                Platform[device.platform],
                device.presence === undefined ? (
                  <Badge kind="plain">{t('offline')}</Badge>
                ) : (
                  <Badge kind="good">{t('online')}</Badge>
                ),
                device.tags.join(', ') || '–',
                device.token === undefined ? t('none') : t('yes'),
                timeOf(device.registeredAt),
              ])}
            />
            <Pager tokens={tokens} next={nextPageToken} set={setTokens} />
          </>
        )}
      </Answered>
    </Card>
  );
}

/** Reads the timeline of a user or a device, with what there is to know of the devices. */
async function readTimeline(
  by: 'alias' | 'id',
  name: string,
  pageToken: string,
  signal: AbortSignal,
): Promise<{ timeline: DeviceTimelineResponse; devices: readonly Device[]; isComplete: boolean }> {
  const device = { case: by === 'id' ? 'deviceId' : 'alias', value: name } as const;
  const [timeline, devices] = await Promise.all([
    call(method.deviceTimeline, { device, pageSize: PAGE_SIZE, pageToken }, signal),
    by === 'id'
      ? { devices: [unknownDevice(name)], nextPageToken: '' }
      : call(method.listDevices, { filter: { case: 'alias', value: name } }, signal),
  ]);
  // The timeline is of the 100 devices that registered last, and so is complete only where there are no others.
  const isComplete = pageToken + timeline.nextPageToken + devices.nextPageToken === '';
  return { timeline, devices: devices.devices, isComplete };
}

function Timeline({ by, name }: { by: 'alias' | 'id'; name: string }) {
  const [tokens, setTokens] = useState<readonly string[]>(['']);
  const answer = useAnswer(
    (signal) => readTimeline(by, name, tokens.at(-1) ?? '', signal),
    [by, name, tokens],
    EVERY_MS,
  );
  return (
    <Card title={t('why')}>
      <Answered answer={answer}>
        {({ timeline, devices, isComplete }) => {
          const states = new Map(timeline.entries.map((entry) => [`${entry.requestId} ${entry.deviceId}`, entry]));
          const findings = findingsOf(devices, timeline.entries, isComplete);
          return (
            <>
              <ul class="findings">
                {findings.map((finding) => {
                  const key = `${finding.requestId} ${finding.deviceId}`;
                  const entry = states.get(key);
                  return (
                    <li key={key}>
                      <div class="actions">
                        <Badge kind={LEVELS[finding.level]}>
                          {entry === undefined ? t('none') : deliveryStateOf(entry.state)}
                        </Badge>
                        {finding.requestId !== '' && (
                          <a href={to('pushes', finding.requestId)}>
                            {t('push')} {finding.requestId}
                          </a>
                        )}
                        <span class="quiet">{timeOf(entry?.createdAt)}</span>
                        {finding.deviceId !== '' && <code>{finding.deviceId.slice(0, 8)}…</code>}
                      </div>
                      <p>{finding.text}</p>
                      {finding.next !== '' && <p class="quiet">→ {finding.next}</p>}
                    </li>
                  );
                })}
              </ul>
              <Pager tokens={tokens} next={timeline.nextPageToken} set={setTokens} />
            </>
          );
        }}
      </Answered>
    </Card>
  );
}
