import { useState } from 'preact/hooks';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { type Device, Platform, RegisteredToken_State as TokenState } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { DeviceTimelineResponse } from '../../gen/onepush/v1/query_pb.js';
import { to, useAnswer } from '../hooks.js';
import { Choice, Field, Input } from '../parts/form.js';
import { Given, ShortId } from '../parts/given.js';
import { Answered, Badge, Button, Card, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { findingsOf, unknownDevice } from '../why.js';
import { DeviceEdit } from './device-edit.js';
import { Pager } from './pager.js';
import { deliveryStateOf } from './push.js';

const { method } = PushCore;
const PAGE_SIZE = 30;
const EVERY_MS = 5000;
type By = 'alias' | 'tag' | 'id';
const LEVELS = { arrived: 'good', waits: 'warn', lost: 'bad', nothing: 'plain' } as const;

/** Devices of a user or a tag, and what came of the pushes for them. `by` and `name`: what was asked for last. */
export function DevicesPage(props: { by: string | undefined; name: string | undefined; mayChange: boolean }) {
  const { by, name, mayChange } = props;
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
      {name !== undefined && known !== 'id' && (
        <DeviceList by={known} name={name} mayChange={mayChange} key={`${known} ${name}`} />
      )}
      {name !== undefined && known !== 'tag' && <Timeline by={known} name={name} key={`timeline ${name}`} />}
    </>
  );
}

function DeviceList({ by, name, mayChange }: { by: 'alias' | 'tag'; name: string; mayChange: boolean }) {
  const [edited, setEdited] = useState<Device>();
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
  const head = [t('device'), t('alias'), t('platform'), t('state'), t('tags'), t('token'), t('registered')];
  return (
    <>
      <Card title={t('devices')}>
        <Answered answer={answer}>
          {({ devices, nextPageToken }) => (
            <>
              <Table
                label={t('devices')}
                head={mayChange ? [...head, t('action')] : head}
                empty={t('noDevices')}
                keys={devices.map(({ deviceId }) => deviceId)}
                rows={devices.map((device) => [
                  <a href={to('devices', 'id', device.deviceId)}>
                    <ShortId id={device.deviceId} />
                  </a>,
                  <a href={to('devices', 'alias', device.alias)}>
                    <Given>{device.alias}</Given>
                  </a>,
                  Platform[device.platform],
                  <Presence device={device} />,
                  device.tags.length === 0 ? '–' : <Given>{device.tags.join(', ')}</Given>,
                  <Token device={device} />,
                  <Time at={device.registeredAt} />,
                  ...(mayChange ? [<Button act={() => setEdited(device)}>{t('change')}</Button>] : []),
                ])}
              />
              <Pager tokens={tokens} next={nextPageToken} set={setTokens} />
            </>
          )}
        </Answered>
      </Card>
      {edited !== undefined && (
        <DeviceEdit
          device={edited}
          key={edited.deviceId}
          done={() => {
            setEdited(undefined);
            answer.reload();
          }}
          cancel={() => setEdited(undefined)}
        />
      )}
    </>
  );
}

function Presence({ device: { presence } }: { device: Device }) {
  if (presence === undefined) return <Badge kind="plain">{t('offline')}</Badge>;
  return (
    <>
      <Badge kind="good">{t('online')}</Badge> <Time at={presence.since} relative />
    </>
  );
}

const TOKEN_STATES = {
  [TokenState.UNSPECIFIED]: ['plain', 'unknown'],
  [TokenState.ACTIVE]: ['good', 'active'],
  [TokenState.DEAD]: ['bad', 'tokenDead'],
  [TokenState.SET_ASIDE]: ['warn', 'tokenSetAside'],
} as const;

function Token({ device: { token } }: { device: Device }) {
  if (token === undefined) return <>{t('none')}</>;
  const [kind, word] = TOKEN_STATES[token.state];
  return (
    <>
      {Channel[token.channel]} <Badge kind={kind}>{t(word)}</Badge> {token.reason}
    </>
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
                        <span class="quiet">
                          <Time at={entry?.createdAt} />
                        </span>
                        {finding.deviceId !== '' && <ShortId id={finding.deviceId} />}
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
