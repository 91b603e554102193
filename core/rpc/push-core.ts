import { createAppHandlers } from './app-handlers.js';
import { createDeviceHandlers } from './device-handlers.js';
import type { PushCoreHandlers, ServiceParts } from './handlers.js';
import { createPushHandlers } from './push-handlers.js';
import { createQueryHandlers } from './query-handlers.js';
import { createReceiptHandlers } from './receipt-handlers.js';

/** Puts the service together. */
export function createPushCore(options: ServiceParts): PushCoreHandlers {
  const handlers: Partial<PushCoreHandlers> = {
    ...createDeviceHandlers(options),
    ...createPushHandlers(options),
    ...createAppHandlers(options),
    ...createQueryHandlers(options),
    ...createReceiptHandlers(options),
  };
  return handlers as PushCoreHandlers;
}
