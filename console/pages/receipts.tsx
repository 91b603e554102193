import { useEffect, useState } from 'preact/hooks';
import type { Receipt } from '../../gen/onepush/v1/receipt_pb.js';
import { messageOf } from '../format.js';
import { followReceipts } from '../live-receipts.js';
import { DeviceButton, Given } from '../parts/given.js';
import { Card, Problem, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { to } from '../route.js';
import { t } from '../texts/index.js';
import { DELIVERY_STATES } from './push.js';

/** Receipts that are shown. */
const MAX_SHOWN = 200;
/** Milliseconds between two looks of the page: thousands a second would leave the browser no time for anything else. */
const SHOW_MS = 300;

/** Ends of deliveries as they come, from when the page was opened. */
export function ReceiptsPage() {
  const [receipts, setReceipts] = useState<readonly Receipt[]>([]);
  const [isOn, setOn] = useState(true);
  const [error, setError] = useState<string>();
  useEffect(() => {
    if (!isOn) return undefined;
    const controller = new AbortController();
    setError(undefined);
    let come: readonly Receipt[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      const newest = come;
      [come, timer] = [[], undefined];
      setReceipts((known) => [...newest, ...known].slice(0, MAX_SHOWN));
    };
    const take = (more: readonly Receipt[]): void => {
      come = [...more.toReversed(), ...come].slice(0, MAX_SHOWN);
      timer ??= setTimeout(show, SHOW_MS);
    };
    const cut = (cause: unknown): void =>
      setError(cause === undefined ? undefined : `${messageOf(cause)} ${t('tryingAgain')}`);
    followReceipts(controller.signal, take, cut).catch((cause) => {
      setError(messageOf(cause));
      setOn(false);
    });
    return () => {
      controller.abort();
      clearTimeout(timer);
      show();
    };
  }, [isOn]);
  return (
    <>
      <h1>{t('receipts')}</h1>
      <Card
        title={isOn ? t('live') : t('paused')}
        actions={
          <button type="button" onClick={() => setOn(!isOn)}>
            {isOn ? t('pause') : t('goOn')}
          </button>
        }
      >
        <Problem text={error} />
        <Table
          label={t('receipts')}
          head={[t('time'), t('push'), t('alias'), t('device'), t('state')]}
          empty={t('noReceipts')}
          keys={receipts.map(({ messageId, deviceId, state }) => `${messageId} ${deviceId} ${state}`)}
          rows={receipts.map((receipt) => [
            <Time at={receipt.time} />,
            <a href={to('pushes', receipt.requestId)}>{receipt.requestId}</a>,
            receipt.alias === '' ? (
              '–'
            ) : (
              <a href={to('devices', 'alias', receipt.alias)}>
                <Given>{receipt.alias}</Given>
              </a>
            ),
            <DeviceButton id={receipt.deviceId} />,
            <DELIVERY_STATES.StateBadge state={receipt.state} />,
          ])}
        />
      </Card>
    </>
  );
}
