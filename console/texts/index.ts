import { en } from './en.js';
import { zh } from './zh.js';

/** Languages of the console. */
type Language = 'en' | 'zh';

const KEY = 'onepush-console-language';
const TEXTS = { en, zh };
const current: Language = chosen() ?? (/^zh\b/i.test(navigator.language) ? 'zh' : 'en');

/** A text by its name. */
export type TextName = keyof typeof en;

/** Returns a text in the language of the page. */
export function t(name: TextName): string {
  return TEXTS[current][name];
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
