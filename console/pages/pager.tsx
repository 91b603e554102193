import { t } from '../texts/index.js';

/** Buttons to the next page and back. `tokens`: those of the pages so far. */
export function Pager(props: { tokens: readonly string[]; next: string; set: (tokens: readonly string[]) => void }) {
  const { tokens, next, set } = props;
  if (tokens.length === 1 && next === '') return null;
  return (
    <div class="actions">
      <button type="button" disabled={tokens.length === 1} onClick={() => set(tokens.slice(0, -1))}>
        {t('previous')}
      </button>
      <button type="button" disabled={next === ''} onClick={() => set([...tokens, next])}>
        {t('next')}
      </button>
    </div>
  );
}
