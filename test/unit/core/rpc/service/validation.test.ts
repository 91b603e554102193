import { create, type DescField, getOption, ScalarType } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OnePushError } from '../../../../../common/errors.js';
import { findViolations } from '../../../../../core/rpc/service/validation.js';
import { fromSendPush } from '../../../../../core/rpc/wire/push.js';
import { field as fieldRules, oneof as oneofRules } from '../../../../../gen/buf/validate/validate_pb.js';
import { CreateAppRequestSchema } from '../../../../../gen/onepush/v1/app_pb.js';
import { RegisterDeviceRequestSchema, UpdateDeviceRequestSchema } from '../../../../../gen/onepush/v1/device_pb.js';
import { PushCore } from '../../../../../gen/onepush/v1/push_core_pb.js';
import { type SendPushRequest, SendPushRequestSchema } from '../../../../../gen/onepush/v1/push_pb.js';
import { DeviceTimelineRequestSchema, ListDeliveriesRequestSchema } from '../../../../../gen/onepush/v1/query_pb.js';

describe('the rules of the schema', () => {
  it('are there for every field of every request that has limits', () => {
    const free = PushCore.methods.flatMap(({ input }) =>
      input.fields
        .filter((field) => field.oneof === undefined || !getOption(field.oneof, oneofRules).required)
        .filter((field) => {
          const { type, required } = getOption(field, fieldRules);
          return type.case === undefined && !required;
        })
        .map((field) => `${input.name}.${field.name}`),
    );
    // Flags, any number of 32 bits, times of which any is right or whose rule is about now, and messages that have rules
    // of their own.
    expect(free.toSorted()).toEqual([
      'CreateAdminTokenRequest.expires_at',
      'CreateAppKeyRequest.expires_at',
      'DeleteDevicesRequest.dry_run',
      'DeleteDevicesRequest.registered_before',
      'DeleteDevicesRequest.registered_from',
      'DeleteDevicesRequest.unseen_since',
      'DeleteDevicesRequest.without_session',
      'ListAuditLogRequest.from',
      'ListAuditLogRequest.until',
      'ListPushesRequest.from',
      'ListPushesRequest.until',
      'RegisterDeviceRequest.push',
      'SendPushRequest.badge',
      'SendPushRequest.clear_on_read',
      'SendPushRequest.dry_run',
      'SendPushRequest.need_confirm',
      'SendPushRequest.send_at',
      'SendPushStreamRequest.pushes',
      'SetAppLimitsRequest.limits',
      'SetAppWakingRequest.hides_content',
      'SetQuietHoursRequest.hours',
      'UpdateDeviceRequest.push',
      'UpdateDeviceRequest.remove_push',
      'UpdateWebhookRequest.enabled',
      'WatchReceiptsRequest.from_now',
      'WatchReceiptsRequest.include_wakes',
    ]);
  });

  it('are told in words, for every field that breaks one', () => {
    const tags = ['ok', 'All', ''];
    const registration = create(RegisterDeviceRequestSchema, { alias: 'aLL', nativeToken: 'a\u0000', tags });
    expect(findViolations(RegisterDeviceRequestSchema, registration)).toEqual([
      { field: 'appId', rule: 'must be a string of 1 to 255 characters, without control characters' },
      {
        field: 'alias',
        rule: 'must be a string of 1 to 255 characters, without control characters, not ALL (which is reserved)',
      },
      { field: 'platform', rule: 'must be one of PLATFORM_ANDROID, PLATFORM_IOS, PLATFORM_PC, PLATFORM_WEB' },
      { field: 'nativeToken', rule: 'must be a string of 1 to 4096 characters, without control characters' },
      ...['tags[1]', 'tags[2]'].map((field) => ({
        field,
        rule: 'must be a string of 1 to 255 characters, without control characters, not ALL (which is reserved)',
      })),
    ]);
    const addTags = Array.from({ length: 101 }, String);
    expect(findViolations(UpdateDeviceRequestSchema, create(UpdateDeviceRequestSchema, { addTags }))).toEqual([
      { field: 'addTags', rule: 'must be a list of at most 100' },
    ]);
    const page = create(ListDeliveriesRequestSchema, { pageSize: 1001 });
    expect(findViolations(ListDeliveriesRequestSchema, page)).toEqual([
      { field: 'pageSize', rule: 'must be a whole number from 0 to 1000' },
    ]);
    expect(findViolations(DeviceTimelineRequestSchema, create(DeviceTimelineRequestSchema))).toEqual([
      { field: 'device', rule: 'is required: it must be one of deviceId, alias' },
    ]);
  });

  it('take no half of a surrogate pair', () => {
    expect(findViolations(CreateAppRequestSchema, create(CreateAppRequestSchema, { name: 'a\ud800' }))).toHaveLength(1);
    expect(findViolations(CreateAppRequestSchema, create(CreateAppRequestSchema, { name: '\u{1f600}' }))).toEqual([]);
  });
});

/** A value of each type that no field has by default. */
const SOME: Partial<Record<number, unknown>> = {
  [ScalarType.BOOL]: true,
  [ScalarType.DOUBLE]: 7,
  [ScalarType.INT32]: 7,
  [ScalarType.STRING]: 'x',
  [ScalarType.UINT32]: 7,
};
const lastValueOf = (field: DescField): number | undefined => field.enum?.values.at(-1)?.number;

describe('the checks of SendPush', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'a', 'a\nb', 'a\u0000', '\ud800', 'ALL', 'é', 'a b~', 'x'.repeat(64), 'x'.repeat(65)),
    fc.constantFrom('https://a', 'https://a b', 'https://', 'http://a'),
    fc.constantFrom('x'.repeat(255), 'x'.repeat(256), 'x'.repeat(65_536), 'x'.repeat(65_537)),
  );
  const names = fc.oneof(
    { weight: 5, arbitrary: fc.array(text, { maxLength: 4 }) },
    fc.constantFrom(Array(1000).fill('a'), Array(1001).fill('a')),
  );
  const audience = fc.oneof(
    fc.record({ case: fc.constantFrom('aliases' as const, 'tags' as const), value: fc.record({ values: names }) }),
    fc.record({ case: fc.constant('devices' as const), value: fc.record({ ids: names }) }),
    fc.constant({ case: 'everyone' as const, value: {} }),
  );
  // Mostly valid, so that one wrong field decides.
  const mostly = <T>(good: T, other: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: other });
  /** Fields whose rules are more than the schema's: those have tests of their own. */
  const BEYOND = ['clearOnRead', 'extraJson', 'sendAt', 'wakeOverrides'];
  const anyValueOf = (field: DescField): fc.Arbitrary<unknown> => {
    if (field.localName === 'audience') {
      return mostly<unknown>(
        { audience: { case: 'everyone', value: {} } },
        fc.oneof(fc.constant(undefined), fc.constant({}), fc.record({ audience })),
      );
    }
    if (field.enum !== undefined) return mostly(0, fc.integer({ min: -1, max: field.enum.values.length + 1 }));
    switch (field.scalar) {
      case ScalarType.STRING:
        return mostly(field.localName === 'alert' ? 'a' : '', text);
      case ScalarType.DOUBLE:
        return fc.constantFrom(undefined, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY);
      case ScalarType.UINT32:
        return mostly<unknown>(undefined, fc.constantFrom(0, 1, 2_592_000, 2_592_001, 2 ** 32 - 1));
      case ScalarType.INT32:
        return mostly<unknown>(undefined, fc.integer());
      case ScalarType.BOOL:
        return fc.boolean();
      default:
        throw new Error(`no values for ${field.toString()}`);
    }
  };
  const checked = SendPushRequestSchema.fields.filter(({ localName }) => !BEYOND.includes(localName));
  const request = fc.record(Object.fromEntries(checked.map((field) => [field.localName, anyValueOf(field)])));

  it.each(SendPushRequestSchema.fields.filter(({ localName }) => localName !== 'dryRun'))(
    'pass on what $localName says',
    (field) => {
      const plain = { audience: { audience: { case: 'aliases' as const, value: { values: ['bob'] } } }, alert: 'a' };
      const given: Record<string, unknown> = {
        audience: { audience: { case: 'aliases', value: { values: ['alice'] } } },
        extraJson: '{"a":1}',
        sendAt: timestampFromMs(1000),
        image: 'https://example.com/a.png',
        wakeOverrides: '{"APNS":{}}',
      };
      const value = given[field.localName] ?? (field.enum !== undefined ? lastValueOf(field) : SOME[field.scalar ?? 0]);
      const draftOf = (fields: object) => fromSendPush(create(SendPushRequestSchema, { ...plain, ...fields }));
      expect(draftOf({ [field.localName]: value })).not.toEqual(draftOf({}));
    },
  );

  it('say the same as the rules of the schema', () => {
    const accepts = (message: SendPushRequest): boolean => {
      try {
        fromSendPush(message);
        return true;
      } catch (error) {
        if (error instanceof OnePushError && error.reason === 'INVALID_FIELDS') return false;
        throw error;
      }
    };
    fc.assert(
      fc.property(request, (fields) => {
        // Safe: the values have the types of the fields, but enums may have numbers that nobody knows.
        const message = create(
          SendPushRequestSchema,
          fields as Parameters<typeof create<typeof SendPushRequestSchema>>[1],
        );
        expect(findViolations(SendPushRequestSchema, message).length === 0).toBe(accepts(message));
      }),
      { numRuns: 500 },
    );
  });
});
