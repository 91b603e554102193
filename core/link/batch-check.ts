import type { EdgeBatch } from '../../gen/onepush/link/v1/edge_link_pb.js';
import type { HandedOver } from './handed-over.js';
import type { EdgeOutbox } from './outbox.js';

/** As the schema says. */
const MAX_UNCONFIRMED = 10_000;

/**
 * Finds what is wrong with a message of an edge, in words; undefined if nothing is.
 *
 * @param attachment undefined: it is the first of its stream
 * @param lastPush the last push that edges may have been handed
 */
export function findProblem(
  batch: EdgeBatch,
  attachment: { readonly received: number; readonly outbox: Pick<EdgeOutbox, 'batchNumber'> } | undefined,
  lastPush: number,
): string | undefined {
  if (attachment === undefined) {
    if (batch.hello === undefined || batch.hello.edgeId === '' || batch.hello.attachment === 0) {
      return 'the first message has no hello';
    }
  } else {
    if (batch.hello !== undefined) return 'a second hello';
    if (batch.number !== attachment.received + 1) return 'a message is missing';
    if (batch.processed > attachment.outbox.batchNumber()) return 'processed is ahead of what was sent';
    if (batch.acknowledged > batch.processed) return 'acknowledged is ahead of what was processed';
  }
  const isId = (id: number): boolean => Number.isSafeInteger(id) && id >= 0;
  if (batch.delivered.length !== batch.deliveredSlots.length) return 'delivered is not of as many slots';
  if (!batch.delivered.every(isId)) return 'delivered has what is not an id';
  if (!batch.published.every(({ pushId }) => isId(pushId))) return 'published has what is not an id';
  if (batch.unconfirmed.length > MAX_UNCONFIRMED) return 'unconfirmed has too many ids';
  if (!batch.unconfirmed.every(isId)) return 'unconfirmed has what is not an id';
  for (const { through, pushId, deliveryId } of batch.events) {
    if (!isId(pushId) || !isId(through) || !isId(deliveryId)) return 'an event has what is not an id';
    if (through > lastPush) return 'through is ahead of what was pushed';
  }
  return undefined;
}

/**
 * Takes what a message reports off what its edge was handed, before anything of it is believed. Returns in words what
 * it was never handed; undefined: it was handed all of it.
 *
 * @param handedOver undefined: the attachment begins with this message
 */
export function takeHandedOver(
  { delivered, deliveredSlots, published }: EdgeBatch,
  handedOver: EdgeOutbox['handedOver'] = NOTHING,
): string | undefined {
  for (const [index, id] of delivered.entries()) {
    if (!handedOver.takeDelivery(deliveredSlots[index] ?? 0, id)) return 'delivered has what the slot was not handed';
  }
  for (const { pushId, sessions } of published) {
    if (!handedOver.takePublished(pushId, sessions)) return 'published has what so many sessions were not handed';
  }
  return undefined;
}

const NOTHING: Pick<HandedOver, 'takeDelivery' | 'takePublished'> = {
  takeDelivery: () => false,
  takePublished: () => false,
};
