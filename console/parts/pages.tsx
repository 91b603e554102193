import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type Answer, useAnswer } from '../hooks.js';
import { t } from '../texts/index.js';
import { Answered } from './parts.js';

/** A part of a list; an empty token: the last one. */
interface Page {
  readonly nextPageToken: string;
}

/** A list that is read page by page. */
export interface Pages<T extends Page> {
  /** The page that is shown. */
  readonly answer: Answer<T>;
  /** Tokens of the pages so far. */
  readonly tokens: readonly string[];
  /** Shows the last of these pages. */
  turn(tokens: readonly string[]): void;
}

const FIRST = [''];

/**
 * Reads a list page by page, from its first one again when one of `deps` changes.
 *
 * @param everyMs asks again after so many milliseconds, while the page is in view
 */
export function usePages<T extends Page>(
  ask: (pageToken: string, signal: AbortSignal) => Promise<T>,
  deps: readonly unknown[],
  everyMs?: number,
): Pages<T> {
  const [turned, setTurned] = useState({ deps, tokens: FIRST as readonly string[] });
  const tokens = deps.every((each, at) => each === turned.deps[at]) ? turned.tokens : FIRST;
  const answer = useAnswer((signal) => ask(tokens.at(-1) ?? '', signal), [...deps, tokens], everyMs);
  return { answer, tokens, turn: (next) => setTurned({ deps, tokens: next }) };
}

/** Shows a page of a list, with buttons to the next one and back. */
export function Paged<T extends Page>(props: { pages: Pages<T>; children: (value: T) => ComponentChildren }) {
  const { answer, tokens, turn } = props.pages;
  return (
    <Answered answer={answer}>
      {(value) => (
        <>
          {props.children(value)}
          {(tokens.length > 1 || value.nextPageToken !== '') && (
            <div class="actions">
              <button type="button" disabled={tokens.length === 1} onClick={() => turn(tokens.slice(0, -1))}>
                {t('previous')}
              </button>
              <button
                type="button"
                disabled={value.nextPageToken === ''}
                onClick={() => turn([...tokens, value.nextPageToken])}
              >
                {t('next')}
              </button>
            </div>
          )}
        </>
      )}
    </Answered>
  );
}
