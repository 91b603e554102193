import type { DescMessage } from "@bufbuild/protobuf";
import type { Codec } from "../common/codec/codec.js";
import { AcknowledgeRequestSchema, AcknowledgeResponseSchema, CallSchema, CheckReadinessRequestSchema, CheckReadinessResponseSchema, CoreBatchSchema, DeliverySchema, EdgeBatchSchema, HelloSchema, ItemSchema, PublicationSchema, PublishedSchema, ReadHistoryRequestSchema, ReadHistoryResponseSchema, RecallSchema, ReplySchema, SessionEventSchema, SessionOrderSchema } from "./onepush/link/v1/edge_link_pb.js";
import { readAcknowledgeRequest, readAcknowledgeResponse, readCall, readCheckReadinessRequest, readCheckReadinessResponse, readCoreBatch, readDelivery, readEdgeBatch, readHello, readItem, readPublication, readPublished, readReadHistoryRequest, readReadHistoryResponse, readRecall, readReply, readSessionEvent, readSessionOrder, writeAcknowledgeRequest, writeAcknowledgeResponse, writeCall, writeCheckReadinessRequest, writeCheckReadinessResponse, writeCoreBatch, writeDelivery, writeEdgeBatch, writeHello, writeItem, writePublication, writePublished, writeReadHistoryRequest, writeReadHistoryResponse, writeRecall, writeReply, writeSessionEvent, writeSessionOrder } from "./onepush/link/v1/edge_link_codec.js";
import { DeviceSchema, DeviceTokenSchema, PresenceSchema, RegisterDeviceRequestSchema, RegisterDeviceResponseSchema, RegisteredTokenSchema, RotateDeviceIdRequestSchema, RotateDeviceIdResponseSchema, UnregisterDeviceRequestSchema, UnregisterDeviceResponseSchema, WebPushKeysSchema } from "./onepush/v1/device_pb.js";
import { readDevice, readDeviceToken, readPresence, readRegisterDeviceRequest, readRegisterDeviceResponse, readRegisteredToken, readRotateDeviceIdRequest, readRotateDeviceIdResponse, readUnregisterDeviceRequest, readUnregisterDeviceResponse, readWebPushKeys, writeDevice, writeDeviceToken, writePresence, writeRegisterDeviceRequest, writeRegisterDeviceResponse, writeRegisteredToken, writeRotateDeviceIdRequest, writeRotateDeviceIdResponse, writeUnregisterDeviceRequest, writeUnregisterDeviceResponse, writeWebPushKeys } from "./onepush/v1/device_codec.js";
import { Audience_AliasesSchema, Audience_DevicesSchema, Audience_EveryoneSchema, Audience_PlatformsSchema, Audience_TagsSchema, AudienceListSchema, AudienceSchema, RecallPushRequestSchema, RecallPushResponseSchema, SendPushRequestSchema, SendPushResponseSchema, SendPushStreamRequest_EntrySchema, SendPushStreamRequestSchema, SendPushStreamResponse_FailureSchema, SendPushStreamResponse_ResultSchema, SendPushStreamResponseSchema } from "./onepush/v1/push_pb.js";
import { readAudience, readAudience_Aliases, readAudience_Devices, readAudience_Everyone, readAudience_Platforms, readAudience_Tags, readAudienceList, readRecallPushRequest, readRecallPushResponse, readSendPushRequest, readSendPushResponse, readSendPushStreamRequest, readSendPushStreamRequest_Entry, readSendPushStreamResponse, readSendPushStreamResponse_Failure, readSendPushStreamResponse_Result, writeAudience, writeAudience_Aliases, writeAudience_Devices, writeAudience_Everyone, writeAudience_Platforms, writeAudience_Tags, writeAudienceList, writeRecallPushRequest, writeRecallPushResponse, writeSendPushRequest, writeSendPushResponse, writeSendPushStreamRequest, writeSendPushStreamRequest_Entry, writeSendPushStreamResponse, writeSendPushStreamResponse_Failure, writeSendPushStreamResponse_Result } from "./onepush/v1/push_codec.js";
import { CreateAppRequestSchema, CreateAppResponseSchema, GetAppRequestSchema, GetAppResponseSchema } from "./onepush/v1/app_pb.js";
import { readCreateAppRequest, readCreateAppResponse, readGetAppRequest, readGetAppResponse, writeCreateAppRequest, writeCreateAppResponse, writeGetAppRequest, writeGetAppResponse } from "./onepush/v1/app_codec.js";
import { DeliveryCountsSchema, DeviceTimelineRequestSchema, DeviceTimelineResponse_EntrySchema, DeviceTimelineResponseSchema, GetPushRequestSchema, GetPushResponseSchema, ListDeliveriesRequestSchema, ListDeliveriesResponse_DeliverySchema, ListDeliveriesResponseSchema, ListDevicesRequestSchema, ListDevicesResponseSchema, PushContentSchema, TopicCountsSchema } from "./onepush/v1/query_pb.js";
import { readDeliveryCounts, readDeviceTimelineRequest, readDeviceTimelineResponse, readDeviceTimelineResponse_Entry, readGetPushRequest, readGetPushResponse, readListDeliveriesRequest, readListDeliveriesResponse, readListDeliveriesResponse_Delivery, readListDevicesRequest, readListDevicesResponse, readPushContent, readTopicCounts, writeDeliveryCounts, writeDeviceTimelineRequest, writeDeviceTimelineResponse, writeDeviceTimelineResponse_Entry, writeGetPushRequest, writeGetPushResponse, writeListDeliveriesRequest, writeListDeliveriesResponse, writeListDeliveriesResponse_Delivery, writeListDevicesRequest, writeListDevicesResponse, writePushContent, writeTopicCounts } from "./onepush/v1/query_codec.js";
import { ErrorDetailSchema, FieldViolationSchema } from "./onepush/v1/error_pb.js";
import { readErrorDetail, readFieldViolation, writeErrorDetail, writeFieldViolation } from "./onepush/v1/error_codec.js";
import { WakeCountsSchema, WakeSchema } from "./onepush/v1/wake_pb.js";
import { readWake, readWakeCounts, writeWake, writeWakeCounts } from "./onepush/v1/wake_codec.js";

// Made by make gen from proto/. Change the schema, or tools/codec, not this file.
export const CODECS: ReadonlyMap<DescMessage, Codec> = new Map<DescMessage, Codec>([
  [EdgeBatchSchema, { read: readEdgeBatch, write: writeEdgeBatch }],
  [HelloSchema, { read: readHello, write: writeHello }],
  [SessionEventSchema, { read: readSessionEvent, write: writeSessionEvent }],
  [CallSchema, { read: readCall, write: writeCall }],
  [RegisterDeviceRequestSchema, { read: readRegisterDeviceRequest, write: writeRegisterDeviceRequest }],
  [DeviceTokenSchema, { read: readDeviceToken, write: writeDeviceToken }],
  [WebPushKeysSchema, { read: readWebPushKeys, write: writeWebPushKeys }],
  [UnregisterDeviceRequestSchema, { read: readUnregisterDeviceRequest, write: writeUnregisterDeviceRequest }],
  [SendPushRequestSchema, { read: readSendPushRequest, write: writeSendPushRequest }],
  [AudienceSchema, { read: readAudience, write: writeAudience }],
  [Audience_AliasesSchema, { read: readAudience_Aliases, write: writeAudience_Aliases }],
  [Audience_TagsSchema, { read: readAudience_Tags, write: writeAudience_Tags }],
  [Audience_DevicesSchema, { read: readAudience_Devices, write: writeAudience_Devices }],
  [Audience_EveryoneSchema, { read: readAudience_Everyone, write: writeAudience_Everyone }],
  [Audience_PlatformsSchema, { read: readAudience_Platforms, write: writeAudience_Platforms }],
  [AudienceListSchema, { read: readAudienceList, write: writeAudienceList }],
  [CreateAppRequestSchema, { read: readCreateAppRequest, write: writeCreateAppRequest }],
  [GetAppRequestSchema, { read: readGetAppRequest, write: writeGetAppRequest }],
  [CheckReadinessRequestSchema, { read: readCheckReadinessRequest, write: writeCheckReadinessRequest }],
  [GetPushRequestSchema, { read: readGetPushRequest, write: writeGetPushRequest }],
  [ListDeliveriesRequestSchema, { read: readListDeliveriesRequest, write: writeListDeliveriesRequest }],
  [RecallPushRequestSchema, { read: readRecallPushRequest, write: writeRecallPushRequest }],
  [ListDevicesRequestSchema, { read: readListDevicesRequest, write: writeListDevicesRequest }],
  [DeviceTimelineRequestSchema, { read: readDeviceTimelineRequest, write: writeDeviceTimelineRequest }],
  [RotateDeviceIdRequestSchema, { read: readRotateDeviceIdRequest, write: writeRotateDeviceIdRequest }],
  [AcknowledgeRequestSchema, { read: readAcknowledgeRequest, write: writeAcknowledgeRequest }],
  [ReadHistoryRequestSchema, { read: readReadHistoryRequest, write: writeReadHistoryRequest }],
  [PublishedSchema, { read: readPublished, write: writePublished }],
  [CoreBatchSchema, { read: readCoreBatch, write: writeCoreBatch }],
  [ReplySchema, { read: readReply, write: writeReply }],
  [RegisterDeviceResponseSchema, { read: readRegisterDeviceResponse, write: writeRegisterDeviceResponse }],
  [UnregisterDeviceResponseSchema, { read: readUnregisterDeviceResponse, write: writeUnregisterDeviceResponse }],
  [SendPushResponseSchema, { read: readSendPushResponse, write: writeSendPushResponse }],
  [CreateAppResponseSchema, { read: readCreateAppResponse, write: writeCreateAppResponse }],
  [GetAppResponseSchema, { read: readGetAppResponse, write: writeGetAppResponse }],
  [ErrorDetailSchema, { read: readErrorDetail, write: writeErrorDetail }],
  [FieldViolationSchema, { read: readFieldViolation, write: writeFieldViolation }],
  [CheckReadinessResponseSchema, { read: readCheckReadinessResponse, write: writeCheckReadinessResponse }],
  [GetPushResponseSchema, { read: readGetPushResponse, write: writeGetPushResponse }],
  [PushContentSchema, { read: readPushContent, write: writePushContent }],
  [DeliveryCountsSchema, { read: readDeliveryCounts, write: writeDeliveryCounts }],
  [TopicCountsSchema, { read: readTopicCounts, write: writeTopicCounts }],
  [WakeCountsSchema, { read: readWakeCounts, write: writeWakeCounts }],
  [ListDeliveriesResponseSchema, { read: readListDeliveriesResponse, write: writeListDeliveriesResponse }],
  [ListDeliveriesResponse_DeliverySchema, { read: readListDeliveriesResponse_Delivery, write: writeListDeliveriesResponse_Delivery }],
  [RecallPushResponseSchema, { read: readRecallPushResponse, write: writeRecallPushResponse }],
  [ListDevicesResponseSchema, { read: readListDevicesResponse, write: writeListDevicesResponse }],
  [DeviceSchema, { read: readDevice, write: writeDevice }],
  [PresenceSchema, { read: readPresence, write: writePresence }],
  [RegisteredTokenSchema, { read: readRegisteredToken, write: writeRegisteredToken }],
  [DeviceTimelineResponseSchema, { read: readDeviceTimelineResponse, write: writeDeviceTimelineResponse }],
  [DeviceTimelineResponse_EntrySchema, { read: readDeviceTimelineResponse_Entry, write: writeDeviceTimelineResponse_Entry }],
  [WakeSchema, { read: readWake, write: writeWake }],
  [RotateDeviceIdResponseSchema, { read: readRotateDeviceIdResponse, write: writeRotateDeviceIdResponse }],
  [AcknowledgeResponseSchema, { read: readAcknowledgeResponse, write: writeAcknowledgeResponse }],
  [ReadHistoryResponseSchema, { read: readReadHistoryResponse, write: writeReadHistoryResponse }],
  [ItemSchema, { read: readItem, write: writeItem }],
  [DeliverySchema, { read: readDelivery, write: writeDelivery }],
  [PublicationSchema, { read: readPublication, write: writePublication }],
  [SessionOrderSchema, { read: readSessionOrder, write: writeSessionOrder }],
  [RecallSchema, { read: readRecall, write: writeRecall }],
  [SendPushStreamRequestSchema, { read: readSendPushStreamRequest, write: writeSendPushStreamRequest }],
  [SendPushStreamRequest_EntrySchema, { read: readSendPushStreamRequest_Entry, write: writeSendPushStreamRequest_Entry }],
  [SendPushStreamResponseSchema, { read: readSendPushStreamResponse, write: writeSendPushStreamResponse }],
  [SendPushStreamResponse_ResultSchema, { read: readSendPushStreamResponse_Result, write: writeSendPushStreamResponse_Result }],
  [SendPushStreamResponse_FailureSchema, { read: readSendPushStreamResponse_Failure, write: writeSendPushStreamResponse_Failure }],
]);
