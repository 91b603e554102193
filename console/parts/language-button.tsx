import { setLanguage, t } from '../texts/index.js';

/** The button that changes the language, in the words of the other one. */
export function LanguageButton() {
  const [other, name] = t('other') === 'zh' ? (['zh', '中文'] as const) : (['en', 'English'] as const);
  return (
    <button type="button" class="plain" lang={other === 'zh' ? 'zh-CN' : 'en'} onClick={() => setLanguage(other)}>
      {name}
    </button>
  );
}
