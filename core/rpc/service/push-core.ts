import { createAppHandlers } from './apps.js';
import { createAudienceHandlers } from './audiences.js';
import { createAuditLogHandlers } from './audit-log.js';
import { createChannelHandlers } from './channels.js';
import { createDeleteDevicesHandler } from './delete-devices.js';
import { createDeliveryHandlers } from './deliveries.js';
import { createDeviceHandlers } from './devices.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { createKeyHandlers } from './keys.js';
import { createPushHandlers } from './pushes.js';
import { createQueryHandlers } from './queries.js';
import { createQuietHoursHandlers } from './quiet-hours.js';
import { createReceiptHandlers } from './receipts.js';
import { createServerHandlers } from './server.js';
import { createSigningKeyHandlers } from './signing-keys.js';
import { createUsageHandlers } from './usage.js';
import { validateRequests } from './validation.js';
import { createWebhookHandlers } from './webhooks.js';

/** Puts the service together; what it is called with is checked by the rules of the schema first. */
export function createPushCore(options: ServiceParts): PushCoreHandlers {
  return validateRequests({
    ...createDeviceHandlers(options),
    ...createDeleteDevicesHandler(options),
    ...createPushHandlers(options),
    ...createAudienceHandlers(options),
    ...createAppHandlers(options),
    ...createSigningKeyHandlers(options),
    ...createKeyHandlers(options),
    ...createAuditLogHandlers(options),
    ...createChannelHandlers(options),
    ...createQueryHandlers(options),
    ...createDeliveryHandlers(options),
    ...createQuietHoursHandlers(options),
    ...createReceiptHandlers(options),
    ...createWebhookHandlers(options),
    ...createUsageHandlers(options),
    ...createServerHandlers(options),
  });
}
