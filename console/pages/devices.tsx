import { useState } from 'preact/hooks';
import { Channel } from '../../gen/onepush/v1/channel_pb.js';
import { type Device, Platform, RegisteredToken_State as TokenState } from '../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import { Choice, Field, Input } from '../parts/form.js';
import { DeviceButton, Given, ShortId, shortId } from '../parts/given.js';
import { Paged, usePages } from '../parts/pages.js';
import { Badge, Button, Card, Submit, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { goToDevice, to } from '../route.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { findingsOf, unknownDevice } from '../why.js';
import { DeviceEdit } from './device-edit.js';
import { DELIVERY_STATES } from './push.js';

const { method } = PushCore;
const PAGE_SIZE = 30;
const EVERY_MS = 5000;
type By = 'alias' | 'tag' | 'id';
const LEVELS = { arrived: 'good', waits: 'warn', lost: 'bad', nothing: 'plain' } as const;

/** Devices of a user or a tag, and what came of the pushes for them. `by` and `name`: what was asked for last. */
export function DevicesPage(props: {
  by: string | undefined;
  name: string | undefined;
  /** The device that was asked for; empty: none. */
  deviceId: string;
  mayChange: boolean;
}) {
  const { by, name, deviceId, mayChange } = props;
  const known: By = by === 'tag' || by === 'id' ? by : 'alias';
  const [kind, setKind] = useState<By>(known);
  const [text, setText] = useState(name ?? '');
  const submit = (event: Event): void => {
    event.preventDefault();
    const value = text.trim();
    if (kind !== 'id') location.hash = to('devices', kind, value);
    else {
      setText('');
      goToDevice('timeline', value);
    }
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
          <Field label={t('value')} hint={kind === 'id' ? t('deviceIdHint') : ''}>
            <Input value={text} set={setText} required spellcheck={false} autoComplete="off" />
          </Field>
          <Submit isBusy={false}>{t('find')}</Submit>
        </form>
      </Card>
      {name !== undefined && known !== 'id' && (
        <DeviceList by={known} name={name} mayChange={mayChange} key={`${known} ${name}`} />
      )}
      {name !== undefined && known === 'alias' && <Timeline by="alias" name={name} key={`timeline ${name}`} />}
      {deviceId !== '' && <Timeline by="id" name={deviceId} key={`timeline ${deviceId}`} />}
    </>
  );
}

function DeviceList({ by, name, mayChange }: { by: 'alias' | 'tag'; name: string; mayChange: boolean }) {
  const [edited, setEdited] = useState<Device>();
  const pages = usePages(
    (pageToken, signal) =>
      call(method.listDevices, { filter: { case: by, value: name }, pageSize: PAGE_SIZE, pageToken }, signal),
    [by, name],
    EVERY_MS,
  );
  const head = [t('device'), t('alias'), t('platform'), t('state'), t('tags'), t('token'), t('registered')];
  return (
    <>
      <Card title={t('devices')}>
        <Paged pages={pages}>
          {({ devices }) => (
            <Table
              label={t('devices')}
              head={mayChange ? [...head, t('action')] : head}
              empty={t('noDevices')}
              keys={devices.map(({ deviceId }) => deviceId)}
              rows={devices.map((device) => [
                <DeviceButton id={device.deviceId} />,
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
          )}
        </Paged>
      </Card>
      {edited !== undefined && (
        <DeviceEdit
          device={edited}
          key={edited.deviceId}
          done={() => {
            setEdited(undefined);
            pages.answer.reload();
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
async function readTimeline(by: 'alias' | 'id', name: string, pageToken: string, signal: AbortSignal) {
  const device = { case: by === 'id' ? 'deviceId' : 'alias', value: name } as const;
  const [{ entries, nextPageToken }, found] = await Promise.all([
    call(method.deviceTimeline, { device, pageSize: PAGE_SIZE, pageToken }, signal),
    by === 'id'
      ? { devices: [unknownDevice(name)], nextPageToken: '' }
      : call(method.listDevices, { filter: { case: 'alias', value: name } }, signal),
  ]);
  // The timeline is of the 100 devices that registered last, and so is complete only where there are no others.
  const isComplete = pageToken + nextPageToken + found.nextPageToken === '';
  return { entries, devices: found.devices, isComplete, nextPageToken };
}

function Timeline({ by, name }: { by: 'alias' | 'id'; name: string }) {
  const pages = usePages((pageToken, signal) => readTimeline(by, name, pageToken, signal), [by, name], EVERY_MS);
  return (
    <Card title={by === 'id' ? t('whyDevice', { name: shortId(name) }) : t('why')}>
      <Paged pages={pages}>
        {({ entries, devices, isComplete }) => {
          const states = new Map(entries.map((entry) => [`${entry.requestId} ${entry.deviceId}`, entry]));
          return (
            <ul class="findings">
              {findingsOf(devices, entries, isComplete).map((finding) => {
                const key = `${finding.requestId} ${finding.deviceId}`;
                const entry = states.get(key);
                return (
                  <li key={key}>
                    <div class="actions">
                      <Badge kind={LEVELS[finding.level]}>
                        {entry === undefined ? t('none') : DELIVERY_STATES.wordOf(entry.state)}
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
          );
        }}
      </Paged>
    </Card>
  );
}
