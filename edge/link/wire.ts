/** The link's messages, and those of the calls over it, as the rest of the edge sees them. */

export type {
  Call,
  Delivery,
  Item,
  Publication,
  Recall,
  Reply,
  SessionOrder,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
export {
  AcknowledgeRequestSchema,
  CheckReadinessRequestSchema,
  ReadHistoryRequestSchema,
  SessionEvent_End as SessionEnd,
  SessionOrder_Kind as OrderKind,
} from '../../gen/onepush/link/v1/edge_link_pb.js';
export { CreateAppRequestSchema, GetAppRequestSchema, RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
export { Channel, ChannelEnvironment } from '../../gen/onepush/v1/channel_pb.js';
export {
  type DeviceToken,
  DeviceTokenSchema,
  Platform,
  RegisterDeviceRequestSchema,
  RegisteredToken_State as TokenState,
  RotateDeviceIdRequestSchema,
  UnregisterDeviceRequestSchema,
} from '../../gen/onepush/v1/device_pb.js';
export type { ErrorDetail } from '../../gen/onepush/v1/error_pb.js';
export {
  type Audience,
  Audience_Tags_Match as TagMatch,
  InterruptionLevel,
  Priority,
  PushMsgType,
  RecallPushRequestSchema,
  type SendPushRequest,
  WakePolicy,
} from '../../gen/onepush/v1/push_pb.js';
export {
  DeviceTimelineRequestSchema,
  type DeviceTimelineResponse,
  GetPushRequestSchema,
  type GetPushResponse,
  GetPushResponse_State as PushState,
  ListDeliveriesRequestSchema,
  type ListDeliveriesResponse,
  ListDevicesRequestSchema,
  type ListDevicesResponse,
} from '../../gen/onepush/v1/query_pb.js';
export { DeliveryState } from '../../gen/onepush/v1/receipt_pb.js';
export { type Wake, WakeState } from '../../gen/onepush/v1/wake_pb.js';
