import { GetPushResponse_State as PushState } from '../../gen/onepush/v1/query_pb.js';
import type { CommandSpec } from '../command.js';
import { countsOf, formatReach } from '../counts.js';
import { showTime, toIso } from '../time.js';

/** `onepush push`. */
export const push: CommandSpec = {
  name: 'push',
  summary: 'Shows what has become of a push',
  args: [{ name: '<id>', means: 'its request id' }],
  options: [{ flags: '--recall', means: 'recall it first: whoever does not have it does not get it' }],
  example: 'onepush push 244946072924160',
  json: { requestId: '244946072924160', state: 'SENT', createdAt: '2026-11-26T09:00:00Z', targeted: 2, delivered: 2 },
  async run({ connect, print }, input) {
    const client = await connect('app');
    const requestId = input.required(0);
    if (input.flag('recall')) await client.recallPush({ requestId });
    const found = await client.getPush({ requestId });
    const state = PushState[found.state] ?? 'UNSPECIFIED';
    const { published, confirmed } = found.reach.case === 'topics' ? found.reach.value : {};
    const wakes = found.wakes && {
      due: found.wakes.due,
      sending: found.wakes.sending,
      accepted: found.wakes.accepted,
      failed: found.wakes.failed,
      unknown: found.wakes.unknown,
      cancelled: found.wakes.cancelled,
    };
    const due = found.sendAt === undefined ? '' : `due ${showTime(found.sendAt)}, `;
    const lines = [
      `${requestId}  ${state}`,
      formatReach(found),
      ...(wakes === undefined
        ? []
        : [
            `woken: ${Object.entries(wakes)
              .flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
              .join(', ')}`,
          ]),
      ...(found.failure === '' ? [] : [`failure: ${found.failure}`]),
      `created ${showTime(found.createdAt)}, ${due}ends ${showTime(found.expiresAt)}`,
    ];
    print(
      {
        requestId,
        state,
        createdAt: toIso(found.createdAt),
        sendAt: toIso(found.sendAt),
        expiresAt: toIso(found.expiresAt),
        failure: found.failure || undefined,
        ...countsOf(found),
        ...(found.reach.case === 'topics' ? { published, confirmed } : {}),
        wakes,
      },
      lines.join('\n'),
    );
    return undefined;
  },
};
