import type { MessageInitShape } from '@bufbuild/protobuf';
import { OnePushError } from '../../../common/errors.js';
import type {
  ListQuietHoursResponse_EntrySchema,
  SetQuietHoursRequest,
  QuietSubject as WireSubject,
} from '../../../gen/onepush/v1/quiet_hours_pb.js';
import { isTimeZone, type QuietHours, type QuietSubject } from '../../domain/quiet-hours.js';

/**
 * @param request one that keeps the rules of the schema
 * @throws OnePushError INVALID_FIELDS for a time zone that does not exist
 */
export function fromSetQuietHours({ subject, hours }: SetQuietHoursRequest): {
  subject: QuietSubject;
  hours: QuietHours | undefined;
} {
  if (hours !== undefined && !isTimeZone(hours.timeZone)) {
    const rule = 'must be a name of the IANA time zone database, such as Europe/Berlin';
    throw new OnePushError('INVALID_FIELDS', { violations: [{ field: 'hours.timeZone', rule }] });
  }
  return {
    subject: fromSubject(subject),
    hours: hours && {
      timeZone: hours.timeZone,
      fromMinute: toMinute(hours.from),
      untilMinute: toMinute(hours.until),
    },
  };
}

/** Returns an entry of ListQuietHours. */
export function toWireQuietHours({
  subject,
  hours,
}: {
  subject: QuietSubject;
  hours: QuietHours;
}): MessageInitShape<typeof ListQuietHoursResponse_EntrySchema> {
  return {
    subject: { subject: toWireSubject(subject) },
    hours: { timeZone: hours.timeZone, from: toTime(hours.fromMinute), until: toTime(hours.untilMinute) },
  };
}

/** The rules of the schema leave one that is there. */
function fromSubject(wire: WireSubject | undefined): QuietSubject {
  const subject = wire?.subject;
  switch (subject?.case) {
    case 'alias':
      return { kind: 'user', alias: subject.value };
    case 'deviceId':
      return { kind: 'device', deviceId: subject.value };
    case 'app':
    case undefined:
      return { kind: 'app' };
  }
}

function toWireSubject(subject: QuietSubject) {
  switch (subject.kind) {
    case 'app':
      return { case: 'app' as const, value: {} };
    case 'user':
      return { case: 'alias' as const, value: subject.alias };
    case 'device':
      return { case: 'deviceId' as const, value: subject.deviceId };
  }
}

/** `22:30` as 1350. */
function toMinute(time: string): number {
  const [hours = '', minutes = ''] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function toTime(minute: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
