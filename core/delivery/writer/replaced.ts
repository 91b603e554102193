import type { NewPush, Replaced } from '../../store/store.js';

/**
 * Returns the pushes without what a later push of the same commit, with the same collapse key, has replaced: it has
 * ended, and is not to be sent.
 */
export function withoutReplaced(pushes: readonly NewPush[], { deliveries, topicPushes }: Replaced): readonly NewPush[] {
  if (deliveries.length + topicPushes.length === 0) return pushes;
  const ended = new Set(deliveries.map(({ deviceNum, pushId }) => `${pushId}:${deviceNum}`));
  return pushes.flatMap((made): NewPush[] => {
    const { push, target } = made;
    if (target.kind === 'topics') return topicPushes.includes(push.id) ? [] : [made];
    const left = target.deliveries.filter(({ deviceNum }) => !ended.has(`${push.id}:${deviceNum}`));
    return [{ ...made, target: { kind: 'directed', deliveries: left } }];
  });
}
