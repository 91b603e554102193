import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Badge } from '../parts/parts.js';
import { statesOf } from '../parts/states.js';
import { t } from '../texts/index.js';

/** Rule for who may register devices of an app. */
export type ModeName = 'SIGNED' | 'BOTH' | 'OPEN';

/** The rules for who may register, in words. */
export const MODES = statesOf<ModeName>(RegistrationMode, {
  SIGNED: ['good', 'signed'],
  BOTH: ['warn', 'both'],
  OPEN: ['warn', 'openToAll'],
});

/** The state of an app, as a word. */
export function AppState({ app }: { app: { disabled: boolean; removedAt?: unknown } }) {
  if (app.removedAt !== undefined) return <Badge kind="bad">{t('deleted')}</Badge>;
  return app.disabled ? <Badge kind="warn">{t('disabled')}</Badge> : <Badge kind="good">{t('active')}</Badge>;
}
