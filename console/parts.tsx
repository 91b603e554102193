import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from './hooks.js';
import { setLanguage, t } from './texts/index.js';

/** A part of a page under a heading. */
export function Card(props: { title: string; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" aria-label={props.title}>
      <div class="card-head">
        <h2>{props.title}</h2>
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

/** Shows an answer: that it is waited for, that it did not come, or what it is. */
export function Answered<T>({ answer, children }: { answer: Answer<T>; children: (value: T) => ComponentChildren }) {
  const { value, error, reload } = answer;
  return (
    <>
      <Problem text={error} />
      {error !== undefined && (
        <button type="button" onClick={reload}>
          {t('again')}
        </button>
      )}
      {value === undefined ? error === undefined && <p class="quiet">{t('loading')}</p> : children(value)}
    </>
  );
}

/** A table that scrolls by itself where it is too wide; without rows it says so. */
export function Table(props: {
  label: string;
  head: readonly string[];
  empty: string;
  rows: readonly ComponentChildren[][];
}) {
  if (props.rows.length === 0) return <p class="quiet">{props.empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex lint/a11y/useSemanticElements: keys scroll it
    <div class="scroll" role="group" tabIndex={0} aria-label={props.label}>
      <table>
        <thead>
          <tr>
            {props.head.map((title) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((cells, row) => (
            <tr key={String(row)}>
              {cells.map((cell, column) => (
                <td key={props.head[column]} data-title={props.head[column]}>
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

/** A field with its label. */
export function Field(props: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>{props.label}</span>
      {props.children}
      {props.hint !== undefined && <small>{props.hint}</small>}
    </label>
  );
}

/** Attributes of an input that its form may say. */
type InputOptions = Partial<
  Record<'autoComplete' | 'pattern' | 'placeholder' | 'min' | 'max', string> &
    Record<'required' | 'spellcheck', boolean> & {
      maxLength: number;
      type: 'text' | 'password' | 'date' | 'datetime-local' | 'number';
    }
>;

/** A text that is in a form. */
export function Input(props: { value: string; set: (value: string) => void } & InputOptions) {
  const { value, set, ...rest } = props;
  // Their type is one for each type of input; these are right for all that there are here.
  const attributes = rest as JSX.IntrinsicElements['input'];
  return <input {...attributes} value={value} onInput={(event) => set(event.currentTarget.value)} />;
}

/** A choice among words. */
export function Choice<T extends string>(props: {
  value: T;
  set: (value: T) => void;
  options: readonly (readonly [T, string])[];
}) {
  return (
    // The value of an option is one of them.
    <select value={props.value} onChange={(event) => props.set(event.currentTarget.value as T)}>
      {props.options.map(([value, text]) => (
        <option value={value} key={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** A word for a state, in a colour that does not stand alone. */
export function Badge({ kind, children }: { kind: 'good' | 'warn' | 'bad' | 'plain'; children: ComponentChildren }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

/** A secret that is shown once, to be copied. */
export function Secret({ label, value }: { label: string; value: string }) {
  const [isCopied, setCopied] = useState(false);
  const text = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    // Only secure pages may write to the clipboard; elsewhere it is selected.
    if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(value);
    else if (text.current !== null) getSelection()?.selectAllChildren(text.current);
    setCopied(true);
  };
  return (
    <div class="secret" role="status">
      <p>{t('shownOnce')}</p>
      <strong>{label}</strong>
      <code ref={text}>{value}</code>
      <button type="button" onClick={copy}>
        {isCopied ? t('copied') : t('copy')}
      </button>
    </div>
  );
}

/** A button that asks once more before it does what cannot be undone at once. */
export function Confirmed(props: { label: string; question: string; isBusy: boolean; act: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    if (isAsking) yes.current?.focus();
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" class="danger" disabled={props.isBusy} onClick={() => setAsking(true)}>
        {props.label}
      </button>
    );
  }
  const answer = (act: boolean): void => {
    setAsking(false);
    if (act) props.act();
  };
  return (
    <fieldset class="confirm">
      <legend>{props.question}</legend>
      <button type="button" class="danger" ref={yes} onClick={() => answer(true)}>
        {props.label}
      </button>
      <button type="button" onClick={() => answer(false)}>
        {t('cancel')}
      </button>
    </fieldset>
  );
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

/** The button that changes the language, in the words of the other one. */
export function LanguageButton() {
  const [other, name] = t('other') === 'zh' ? (['zh', '中文'] as const) : (['en', 'English'] as const);
  return (
    <button type="button" class="plain" lang={other === 'zh' ? 'zh-CN' : 'en'} onClick={() => setLanguage(other)}>
      {name}
    </button>
  );
}
