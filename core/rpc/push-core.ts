import { createAppHandlers } from './app-handlers.js';
import { createAudienceHandlers } from './audience-handlers.js';
import { createDeliveryHandlers } from './delivery-handlers.js';
import { createDeviceHandlers } from './device-handlers.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { createPushHandlers } from './push-handlers.js';
import { createQueryHandlers } from './query-handlers.js';
import { createReceiptHandlers } from './receipt-handlers.js';
import { withValidation } from './validation.js';

/** Puts the service together; what it is called with is checked by the rules of the schema first. */
export function createPushCore(options: ServiceParts): PushCoreHandlers {
  return withValidation({
    ...createDeviceHandlers(options),
    ...createPushHandlers(options),
    ...createAudienceHandlers(options),
    ...createAppHandlers(options),
    ...createQueryHandlers(options),
    ...createDeliveryHandlers(options),
    ...createReceiptHandlers(options),
  });
}
