import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../texts/index.js';

/** A secret that is shown once, to be copied: whoever made it goes on at the button that does so. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState<'' | 'copied' | 'selected'>('');
  const text = useRef<HTMLElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    setCopied('');
    button.current?.focus();
  }, [value]);
  const copy = async (): Promise<void> => {
    try {
      // Only secure pages have a clipboard.
      await navigator.clipboard.writeText(value);
      setCopied('copied');
    } catch {
      if (text.current !== null) getSelection()?.selectAllChildren(text.current);
      setCopied('selected');
    }
  };
  return (
    <div class="secret">
      <p>
        <strong>{label}</strong> <span class="quiet">{t('shownOnce')}</span>
      </p>
      <code ref={text}>{value}</code>
      <button type="button" ref={button} onClick={copy}>
        {t('copy')}
      </button>
      <span role="status">{copied !== '' && t(copied)}</span>
    </div>
  );
}
