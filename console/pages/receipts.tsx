import { useEffect, useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { Receipt } from '../../gen/onepush/v1/receipt_pb.js';
import { messageOf, timeOf } from '../format.js';
import { to } from '../hooks.js';
import { Card, Problem, Table } from '../parts.js';
import { follow } from '../rpc.js';
import { t } from '../texts/index.js';
import { deliveryStateOf } from './push.js';

/** Receipts that are shown. */
const MAX_SHOWN = 200;

/** Ends of deliveries as they come, from when the page was opened. */
export function ReceiptsPage() {
  const [receipts, setReceipts] = useState<readonly Receipt[]>([]);
  const [isOn, setOn] = useState(true);
  const [error, setError] = useState<string>();
  useEffect(() => {
    if (!isOn) return undefined;
    const controller = new AbortController();
    setError(undefined);
    const run = async (): Promise<void> => {
      for await (const answer of follow(PushCore.method.watchReceipts, { fromNow: true }, controller.signal)) {
        setReceipts((known) => [...answer.receipts.toReversed(), ...known].slice(0, MAX_SHOWN));
      }
    };
    run()
      .catch((cause) => {
        if (!controller.signal.aborted) setError(messageOf(cause));
      })
      .finally(() => {
        if (!controller.signal.aborted) setOn(false);
      });
    return () => controller.abort();
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
          rows={receipts.map((receipt) => [
            timeOf(receipt.time),
            <a href={to('pushes', receipt.requestId)}>{receipt.requestId}</a>,
            receipt.alias === '' ? '–' : <a href={to('devices', 'alias', receipt.alias)}>{receipt.alias}</a>,
            <code>{receipt.deviceId.slice(0, 8)}…</code>,
            deliveryStateOf(receipt.state),
          ])}
        />
      </Card>
    </>
  );
}
