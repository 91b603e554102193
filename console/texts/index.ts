import { CHANNEL_HINTS } from './channel-hints.js';
import { en } from './en.js';
import { settingsEn } from './settings-en.js';
import { settingsZh } from './settings-zh.js';
import { webhooksEn } from './webhooks-en.js';
import { webhooksZh } from './webhooks-zh.js';
import { zh } from './zh.js';

/** Languages of the console. */
type Language = 'en' | 'zh';

const KEY = 'onepush-console-language';
const TEXTS = { en: { ...en, ...settingsEn, ...webhooksEn }, zh: { ...zh, ...settingsZh, ...webhooksZh } };
const current: Language = chosen() ?? (/^zh\b/i.test(navigator.language) ? 'zh' : 'en');

/** A text by its name. */
export type TextName = keyof typeof TEXTS.en;

/** Returns a text in the language of the page, with the values that it has room for: `{name}`. */
export function t(name: TextName, values: Readonly<Record<string, string>> = {}): string {
  return TEXTS[current][name].replace(/\{(\w+)\}/g, (room, key: string) => isolated(values[key] ?? room));
}

/** Characters that are written from right to left, or turn the direction. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{1e800}-\u{1efff}]/u;
const [ISOLATE, ISOLATE_END] = ['\u2068', '\u2069'];

/** Returns a text that turns nothing around it. */
function isolated(value: string): string {
  return RIGHT_TO_LEFT.test(value) ? `${ISOLATE}${value}${ISOLATE_END}` : value;
}

/** Returns a hint to a setting of a channel; empty: there is none. */
export function channelHint(name: string): string {
  return CHANNEL_HINTS[name]?.[current] ?? '';
}

/** Returns the language of the page: the one that was chosen, or else the browser's. */
export function language(): Language {
  return current;
}

/** Chooses a language, from the next page on: this one is loaded again. */
export function setLanguage(next: Language): void {
  localStorage.setItem(KEY, next);
  location.reload();
}

function chosen(): Language | undefined {
  const word = localStorage.getItem(KEY);
  return word === 'en' || word === 'zh' ? word : undefined;
}
