import type { Peer } from '../peer.js';
import type { Rule } from '../rules.js';
import type { Shown } from '../shown.js';
import {
  arrive,
  awaitShown,
  hasConfirmed,
  Missed,
  mustShow,
  reconnected,
  type Scenario,
  type Stage,
} from '../stage.js';

const ROW = 20;
/** A ping comes behind so many messages of the row. */
const PING_EVERY = 5;
/** A text that is changed by whoever reads bytes as characters, counts UTF-16 or forgets to escape. */
const ODD_TEXT = 'An "odd" \\ text: 你好, Grüße, 👩‍👩‍👧 <b>&amp;';
const LARGE = 60_000;
const LONG_NUMBER = '9223372036854775807';

/** Frames that an app must understand, on one connection. */
export const frames: Scenario = {
  name: 'frames',
  async run(stage) {
    const { verdicts, pace } = stage;
    const peer = await arrive(stage);
    const show = (rule: Rule, what: string, fields: object = {}): Promise<Shown> => {
      const { id, frame } = stage.message(fields);
      peer.send(frame);
      return mustShow(stage, id, rule, what);
    };
    await show('F1', 'a message with fields that it does not know', { future: { of: ['a', 1] }, more: null });
    verdicts.judge('F1', true, '');
    peer.send('NEWS 1');
    peer.send('');
    await show('F2', 'a message behind frames that it does not know');
    // One that closes for them may have had the first already.
    await show('F2', 'messages behind frames that it does not know');
    verdicts.judge('F2', true, '');

    const { alert } = await show('F5', 'a message with an odd text', { alert: ODD_TEXT });
    if (alert !== undefined) verdicts.judge('F5', alert === ODD_TEXT, 'showed another text than was sent');
    const { id, frame } = stage.message();
    peer.send(frame.replace(/\}$/, `,"extra":{"orderId":${LONG_NUMBER}}}`));
    const { extra } = await mustShow(stage, id, 'F6', 'a message with a long number in extra');
    if (extra !== undefined)
      verdicts.judge('F6', extra.includes(LONG_NUMBER), `showed ${LONG_NUMBER} as another number`);

    await show('F4', `a message of ${LARGE} bytes`, { alert: 'x'.repeat(LARGE) });
    const parts = stage.message({ alert: ODD_TEXT });
    peer.sendInFragments(parts.frame);
    await mustShow(stage, parts.id, 'F4', 'a message in two fragments');
    verdicts.judge('F4', true, '');

    await orderAndPings(stage, peer, pace.promptMs);
  },
};

async function orderAndPings(stage: Stage, peer: Peer, promptMs: number): Promise<void> {
  const { shown, verdicts } = stage;
  const row = Array.from({ length: ROW }, () => stage.message());
  const pongs: Promise<boolean>[] = [];
  for (const [index, { frame }] of row.entries()) {
    peer.send(frame);
    if (index % PING_EVERY === 0) pongs.push(peer.ping(promptMs));
  }
  await Promise.all(row.map(({ id }) => mustShow(stage, id, 'F3', 'all of a row of messages')));
  const ids = row.map(({ id }) => id);
  const order = shown.order(ids);
  // Repetitions are another rule's.
  verdicts.judge('F3', [...new Set(order)].join() === ids.join(), 'showed a row of messages in another order');
  const answered = (await Promise.all(pongs)).every(Boolean);
  verdicts.judge(
    'P1',
    answered,
    `did not answer each ping within ${promptMs / 1_000} s, in order and with its payload`,
  );
}

/** Confirming, and repetitions on one connection. */
export const confirming: Scenario = {
  name: 'confirming',
  async run(stage) {
    const { shown, verdicts, pace } = stage;
    const peer = await arrive(stage);
    const plain = stage.message();
    const needing = stage.message({ needConfirm: true });
    peer.send(plain.frame);
    peer.send(needing.frame);
    await mustShow(stage, needing.id, 'K1', 'a message with needConfirm');
    const first = await peer.confirmations.next(pace.promptMs);
    verdicts.judge('K2', first !== plain.id, 'confirmed a message without needConfirm');
    const isConfirmed = first === needing.id || (await hasConfirmed(peer, needing.id, pace.promptMs));
    verdicts.judge('K1', isConfirmed, `did not confirm a message within ${pace.promptMs / 1_000} s of showing it`);
    if (!isConfirmed) throw new Missed();

    const last = stage.message();
    for (const { frame } of [plain, needing, last]) peer.send(frame);
    await awaitShown(stage, last.id);
    verdicts.judge('D1', shown.count(plain.id) === 1, 'showed a message again on the same connection');
    verdicts.judge('D1', shown.count(needing.id) === 1, 'showed a message again that it had confirmed');
    const isAgain = await hasConfirmed(peer, needing.id, pace.promptMs);
    verdicts.judge('K3', isAgain, 'did not confirm again a message that came again');
  },
};

/** The network breaks in the middle of a message; the next connection brings all again. */
export const cut: Scenario = {
  name: 'cut',
  async run(stage) {
    const { shown, verdicts } = stage;
    const peer = await arrive(stage);
    const first = stage.message();
    peer.send(first.frame);
    await awaitShown(stage, first.id);
    const half = stage.message({ alert: 'x'.repeat(1_000) });
    peer.cut(half.frame);
    const next = await reconnected(stage, 'X7', 'a cut');
    verdicts.judge('F7', shown.count(half.id) === 0, 'showed a message of which half had come');
    const last = stage.message();
    for (const { frame } of [first, half, last]) next.send(frame);
    await awaitShown(stage, last.id);
    verdicts.judge('D2', shown.count(first.id) === 1, 'showed a message again after a reconnect');
    verdicts.judge('F7', shown.count(half.id) > 0, 'did not show a message that came whole after it had come in part');
  },
};

const REMEMBERED = 1_000;

/** A message comes again behind a thousand others. */
export const memory: Scenario = {
  name: 'memory',
  isSlow: true,
  async run(stage) {
    const { shown, verdicts, pace } = stage;
    const peer = await arrive(stage);
    const first = stage.message();
    peer.send(first.frame);
    for (let sent = 2; sent <= REMEMBERED; sent += 100) {
      const block = Array.from({ length: Math.min(100, REMEMBERED + 1 - sent) }, () => stage.message());
      for (const { frame } of block) peer.send(frame);
      const last = block.at(-1);
      if (last !== undefined) await awaitShown(stage, last.id, 3 * pace.promptMs);
    }
    peer.send(first.frame);
    const end = stage.message();
    peer.send(end.frame);
    await awaitShown(stage, end.id);
    verdicts.judge('D4', shown.count(first.id) === 1, `showed a message again behind ${REMEMBERED - 1} others`);
  },
};
