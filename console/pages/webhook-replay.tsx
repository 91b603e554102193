import { useState } from 'preact/hooks';
import { PushCore } from '../../gen/onepush/v1/push_core_pb.js';
import type { DeadLetter } from '../../gen/onepush/v1/webhook_pb.js';
import { numberOf, timeOf, toTime } from '../format.js';
import { useAction } from '../hooks.js';
import { AskDialog } from '../parts/confirmed.js';
import { Field, Input } from '../parts/form.js';
import { Given, shortId } from '../parts/given.js';
import { Paged, usePages } from '../parts/pages.js';
import { Badge, Button, Problem, Submit, Table } from '../parts/parts.js';
import { Time } from '../parts/time.js';
import { call } from '../rpc.js';
import { t } from '../texts/index.js';
import { stepOf } from '../webhook-steps.js';

const { method } = PushCore;
const PAGE_SIZE = 20;
const EVERY_MS = 5000;

/** A webhook of which something is sent again. */
interface ReplayProps {
  appId: string;
  id: string;
  name: string;
  mayChange: boolean;
  changed: () => void;
}

/** Events that the back end of a webhook refused for good, and sending them again: all, or some. */
export function DeadLetters({ appId, id, mayChange, changed }: ReplayProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [replayed, setReplayed] = useState<number>();
  const { isBusy, error, run } = useAction();
  const pages = usePages(
    (pageToken, signal) =>
      call(method.listDeadLetters, { appId, webhookId: id, pageSize: PAGE_SIZE, pageToken }, signal),
    [id],
    EVERY_MS,
  );
  const replay = (ids: readonly string[]): Promise<void> =>
    run(async () => {
      setReplayed(undefined);
      const what = { case: 'deadLetters' as const, value: { ids: [...ids] } };
      const { deadLetters } = await call(method.replayWebhook, { appId, id, what });
      setReplayed(deadLetters);
      setChosen(new Set());
      pages.answer.reload();
      changed();
    });
  const choose = (letter: string, isChosen: boolean): void => {
    const next = new Set(chosen);
    if (isChosen) next.add(letter);
    else next.delete(letter);
    setChosen(next);
  };
  const head = [t('event'), t('reason'), t('attempts'), t('lastTime')];
  return (
    <>
      <p class="quiet">{t('deadLettersHint')}</p>
      <Paged pages={pages}>
        {({ deadLetters }) => (
          <>
            <Table
              label={t('deadLetters')}
              head={mayChange ? [t('choose'), ...head] : head}
              empty={t('noDeadLetters')}
              numbers={[mayChange ? 3 : 2]}
              keys={deadLetters.map((letter) => letter.id)}
              rows={deadLetters.map((letter) => {
                const cells = [
                  <EventText of={letter} />,
                  <>
                    <code>{letter.reason}</code> <span class="quiet">{t(stepOf(letter.reason))}</span>
                  </>,
                  numberOf(letter.attempts),
                  <Time at={letter.time} relative />,
                ];
                if (!mayChange) return cells;
                return [
                  <input
                    type="checkbox"
                    aria-label={`${t('choose')} ${letter.id}`}
                    checked={chosen.has(letter.id)}
                    onChange={(event) => choose(letter.id, event.currentTarget.checked)}
                  />,
                  ...cells,
                ];
              })}
            />
            {mayChange && deadLetters.length > 0 && (
              <div class="actions">
                <Button isBusy={isBusy} act={() => replay([])}>
                  {t('replayAll')}
                </Button>
                {chosen.size > 0 && (
                  <Button isBusy={isBusy} act={() => replay([...chosen])}>
                    {t('replayChosen', { count: numberOf(chosen.size) })}
                  </Button>
                )}
              </div>
            )}
          </>
        )}
      </Paged>
      <p role="status">{replayed !== undefined && t('replayed', { count: numberOf(replayed) })}</p>
      <Problem text={error} />
    </>
  );
}

function EventText({ of: { eventJson, replaying } }: { of: DeadLetter }) {
  // What it holds is for people: the members may be others one day.
  const event: Readonly<Record<string, unknown>> = JSON.parse(eventJson);
  const { type, state, alias } = event;
  return (
    <>
      {String(type)} <strong>{String(state)}</strong> {typeof alias === 'string' && <Given>{alias}</Given>}{' '}
      {replaying && <Badge kind="warn">{t('replaying')}</Badge>}
      <details>
        <summary>JSON</summary>
        <pre>{JSON.stringify(event, (name, value) => (name === 'deviceId' ? shortId(String(value)) : value), 2)}</pre>
      </details>
    </>
  );
}

/** The form that has a webhook tell everything again from a time on. */
export function ReplayFrom({ appId, id, name, changed }: ReplayProps) {
  const [from, setFrom] = useState('');
  const [isAsking, setAsking] = useState(false);
  const [toldFrom, setToldFrom] = useState<string>();
  const { isBusy, error, run } = useAction();
  const replay = (): Promise<void> =>
    run(async () => {
      const time = toTime(from);
      if (time === undefined) return;
      await call(method.replayWebhook, { appId, id, what: { case: 'from', value: time } });
      setToldFrom(timeOf(time));
      changed();
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setToldFrom(undefined);
        if (!isBusy) setAsking(true);
      }}
    >
      <p class="quiet">{t('replayFromHint')}</p>
      <div class="row">
        <Field label={t('from')}>
          <Input value={from} set={setFrom} type="datetime-local" required />
        </Field>
        <Submit isBusy={isBusy}>{t('tellAgain')}</Submit>
      </div>
      <p role="status">{toldFrom !== undefined && t('tellingAgain', { time: toldFrom })}</p>
      <Problem text={error} />
      {isAsking && (
        <AskDialog
          question={t('tellAgainQuestion', { name, time: timeOf(toTime(from)) })}
          label={t('tellAgain')}
          answer={(isYes) => {
            setAsking(false);
            if (isYes) replay();
          }}
        />
      )}
    </form>
  );
}
