import { create } from '@bufbuild/protobuf';
import { Type } from '@sinclair/typebox';
import { createChecker } from '../../common/contract/check.js';
import { Label, LIMITS } from '../../common/contract/fields.js';
import { OnePushError } from '../../common/errors.js';
import { hashSecret, newAppId, newAppKey } from '../../common/secrets.js';
import {
  type CreateAppRequest,
  type CreateAppResponse,
  CreateAppResponseSchema,
  type GetAppRequest,
  type GetAppResponse,
  GetAppResponseSchema,
} from '../../gen/onepush/v1/app_pb.js';
import {
  type RegisterDeviceRequest,
  type RegisterDeviceResponse,
  RegisterDeviceResponseSchema,
  type UnregisterDeviceRequest,
  type UnregisterDeviceResponse,
  UnregisterDeviceResponseSchema,
} from '../../gen/onepush/v1/device_pb.js';
import {
  type RecallPushRequest,
  type RecallPushResponse,
  RecallPushResponseSchema,
  type SendPushRequest,
  type SendPushResponse,
  SendPushResponseSchema,
} from '../../gen/onepush/v1/push_pb.js';
import type { AcceptPush } from '../delivery/accept.js';
import type { WriteCycle } from '../delivery/write-cycle.js';
import type { Registry } from '../registry/registry.js';
import { type Credentials, requireAdmin } from './credentials.js';
import { fromRegisterDevice, fromSendPush, parsePushId } from './wire.js';

/**
 * The service, once: gRPC, Connect and the link serve these. Every method rejects with OnePushError for what the caller is
 * told, and with anything else for what it is not.
 */
export interface PushCoreHandlers {
  registerDevice(request: RegisterDeviceRequest, credentials: Credentials): Promise<RegisterDeviceResponse>;
  unregisterDevice(request: UnregisterDeviceRequest, credentials: Credentials): Promise<UnregisterDeviceResponse>;
  sendPush(request: SendPushRequest, credentials: Credentials): Promise<SendPushResponse>;
  recallPush(request: RecallPushRequest, credentials: Credentials): Promise<RecallPushResponse>;
  createApp(request: CreateAppRequest, credentials: Credentials): Promise<CreateAppResponse>;
  getApp(request: GetAppRequest, credentials: Credentials): Promise<GetAppResponse>;
}

const newAppChecker = createChecker(Type.Object({ name: Label(LIMITS.name, 1) }));

export function createPushCore(options: {
  registry: Registry;
  cycle: Pick<WriteCycle, 'change' | 'changes'>;
  acceptPush: AcceptPush;
  /** Undefined: nobody may create or read apps. */
  adminToken: string | undefined;
}): PushCoreHandlers {
  const { registry, cycle, acceptPush, adminToken } = options;
  return {
    async registerDevice(request) {
      const registration = fromRegisterDevice(request);
      const app = await registry.getApp(registration.appId);
      const { device } = await cycle.change(cycle.changes.register, { ...registration, appNum: app.num });
      return create(RegisterDeviceResponseSchema, { deviceId: device.id });
    },

    async unregisterDevice({ deviceId }) {
      const entry = registry.device(deviceId);
      if (entry.loading !== undefined) await entry.loading;
      if (entry.value === undefined) throw new OnePushError('UNKNOWN_DEVICE');
      await cycle.change(cycle.changes.unregister, deviceId);
      return create(UnregisterDeviceResponseSchema);
    },

    async sendPush(request, credentials) {
      const draft = fromSendPush(request);
      if (credentials.kind !== 'app') throw new OnePushError('WRONG_APP_KEY');
      const app = await registry.authenticate(credentials.appId, credentials.key);
      return create(SendPushResponseSchema, { requestId: String(await acceptPush(app, draft)) });
    },

    async recallPush({ requestId }, credentials) {
      if (credentials.kind !== 'app') throw new OnePushError('WRONG_APP_KEY');
      const app = await registry.authenticate(credentials.appId, credentials.key);
      const pushId = parsePushId(requestId);
      const result = pushId && (await cycle.change(cycle.changes.recall, { pushId, appNum: app.num }));
      if (!result) throw new OnePushError('UNKNOWN_PUSH');
      return create(RecallPushResponseSchema, { recalled: result.deliveries });
    },

    async createApp(request, credentials) {
      requireAdmin(credentials, adminToken);
      const { name } = newAppChecker.parse(request);
      const id = newAppId();
      const appKey = newAppKey();
      await cycle.change(cycle.changes.createApp, { id, name, keyHash: hashSecret(appKey) });
      return create(CreateAppResponseSchema, { id, name, appKey });
    },

    async getApp({ id }, credentials) {
      requireAdmin(credentials, adminToken);
      const { name } = await registry.getApp(id);
      return create(GetAppResponseSchema, { id, name });
    },
  };
}
