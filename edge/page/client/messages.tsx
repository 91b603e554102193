import { Fold, type Form, TickField } from './field.js';
import type { Arrival, ThisDevice } from './use-device.js';
import { language, words } from './words.js';

/** The part that shows what has arrived. */
export function Messages({ form, device, isOn }: { form: Form; device: ThisDevice; isOn: boolean }) {
  const { arrivals, clear } = device;
  const count = arrivals.length;
  return (
    <section id="messages-part" aria-labelledby="messages-title">
      <div class="line">
        <h2 id="messages-title">{words.messages}</h2>
        <TickField form={form} name="autoConfirm" label={words.autoConfirm} />
      </div>
      <div class="line">
        <p id="messages-note" class="note" role="status">
          {count > 0 ? words.received(count) : isOn ? words.none : words.noneConnect}
        </p>
        {count > 0 && (
          <button id="clear" type="button" class="small" onClick={clear}>
            {words.clear}
          </button>
        )}
      </div>
      <ol id="messages" aria-labelledby="messages-title">
        {arrivals.map((arrival) => (
          <Item key={arrival.message.id} arrival={arrival} confirm={() => device.confirm(arrival)} />
        ))}
      </ol>
    </section>
  );
}

function Item({ arrival, confirm }: { arrival: Arrival; confirm: () => void }) {
  const { message, at, isConfirmed, isReadElsewhere } = arrival;
  const { id, title, alert, needConfirm, clearOnRead = false, pushMsgType, raw } = message;
  const isAsked = (needConfirm || clearOnRead) && !isReadElsewhere;
  return (
    <li data-id={id}>
      <div class="line">
        {title === undefined ? <span class="text">{alert}</span> : <b>{title}</b>}
        <time dateTime={at.toISOString()}>{at.toLocaleTimeString(language)}</time>
      </div>
      {title !== undefined && <p class="text">{alert}</p>}
      <div class="line">
        {pushMsgType === 'CMD' && <span class="badge">{words.command}</span>}
        {isReadElsewhere && <span class="badge">{words.readElsewhere}</span>}
        {isAsked && (
          <button type="button" class="small confirm" disabled={isConfirmed} onClick={confirm}>
            {isConfirmed ? words.confirmed : clearOnRead ? words.read : words.confirm}
          </button>
        )}
        <Fold summary={words.asItCame}>
          <pre class="raw">{raw}</pre>
        </Fold>
      </div>
    </li>
  );
}
