import type { ComponentChildren } from 'preact';
import type { Answer } from '../hooks.js';
import { t } from '../texts/index.js';

/** A part of a page under a heading. */
export function Card(props: { title: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" aria-label={props.title}>
      <div class="card-head">
        <h2 tabIndex={-1}>{props.title}</h2>
        <div class="actions">{props.actions}</div>
      </div>
      {props.children}
    </section>
  );
}

/** A message about what went wrong, read out at once. */
export function Problem({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

/** Shows an answer: that it is waited for, or did not come, or what it is, paler while it is asked for again. */
export function Answered<T>({ answer, children }: { answer: Answer<T>; children: (value: T) => ComponentChildren }) {
  const { value, isStale, error, reload } = answer;
  return (
    <>
      <Problem text={error} />
      {error !== undefined && (
        <button type="button" onClick={reload}>
          {t('again')}
        </button>
      )}
      {value === undefined ? (
        error === undefined && <p class="quiet">{t('loading')}</p>
      ) : (
        <div class={isStale ? 'stale' : undefined} aria-busy={isStale}>
          {children(value)}
        </div>
      )}
    </>
  );
}

/** A table that scrolls by itself where it is too wide; without rows it says so. */
export function Table(props: {
  label: string;
  head: readonly string[];
  empty: ComponentChildren;
  rows: readonly ComponentChildren[][];
  /** Columns of numbers, which stand one under the other. */
  numbers?: readonly number[];
  /** Names of the rows, where rows come and go between others. */
  keys?: readonly string[];
}) {
  const { label, head, empty, rows, numbers = [], keys } = props;
  if (rows.length === 0) return <div class="empty">{empty}</div>;
  const classOf = (column: number) => (numbers.includes(column) ? 'number' : undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex lint/a11y/useSemanticElements: keys scroll it
    <div class="scroll" role="group" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map((title, column) => (
              <th scope="col" key={title} class={classOf(column)}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={keys?.[row] ?? String(row)}>
              {cells.map((cell, column) => (
                <td key={head[column]} data-title={head[column]} class={classOf(column)}>
                  <div>{cell}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Colour of a badge. */
export type BadgeKind = 'good' | 'warn' | 'bad' | 'plain';

/** A word for a state, in a colour that does not stand alone. */
export function Badge({ kind, children }: { kind: BadgeKind; children: ComponentChildren }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

/** Facts, each with its name. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A word of caution beside what it is about. */
export function Caution({ children }: { children: ComponentChildren }) {
  return <p class="caution">{children}</p>;
}

/** A button that sends its form; while that is under way it keeps the focus, and does nothing. */
export function Submit({ isBusy, children }: { isBusy: boolean; children: ComponentChildren }) {
  return (
    <button type="submit" class="primary" aria-disabled={isBusy}>
      {children}
    </button>
  );
}

/** A button; while something is under way it keeps the focus, and does nothing. */
export function Button(props: { isBusy?: boolean; act: () => void; children: ComponentChildren }) {
  return (
    <button type="button" aria-disabled={props.isBusy ?? false} onClick={() => props.isBusy || props.act()}>
      {props.children}
    </button>
  );
}
