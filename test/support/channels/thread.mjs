// The thread of the vendors, from its source.
import { register } from 'tsx/esm/api';

register();
await import('../../../core/channel/host/worker.ts');
