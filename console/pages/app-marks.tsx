import { RegistrationMode } from '../../gen/onepush/v1/app_pb.js';
import { Badge } from '../parts/parts.js';
import { t } from '../texts/index.js';

const MODE_NAMES = ['SIGNED', 'BOTH', 'OPEN'] as const;
/** Rule for who may register devices of an app. */
export type ModeName = (typeof MODE_NAMES)[number];

const MODES = {
  SIGNED: ['good', 'signed'],
  BOTH: ['warn', 'both'],
  OPEN: ['warn', 'openToAll'],
} as const;

/** Returns the name of a rule. */
export function modeOf(mode: RegistrationMode): ModeName {
  return MODE_NAMES.find((name) => RegistrationMode[name] === mode) ?? 'SIGNED';
}

/** The rule for who may register, as a word. */
export function Mode({ mode }: { mode: RegistrationMode }) {
  const [kind, word] = MODES[modeOf(mode)];
  return <Badge kind={kind}>{t(word)}</Badge>;
}

/** The state of an app, as a word. */
export function AppState({ app }: { app: { disabled: boolean; removedAt?: unknown } }) {
  if (app.removedAt !== undefined) return <Badge kind="bad">{t('deleted')}</Badge>;
  return app.disabled ? <Badge kind="warn">{t('disabled')}</Badge> : <Badge kind="good">{t('active')}</Badge>;
}
