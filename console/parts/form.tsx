import type { ComponentChildren, JSX } from 'preact';

/** A field with its label. */
export function Field(props: { label: string; hint?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>{props.label}</span>
      {props.children}
      {props.hint !== undefined && props.hint !== '' && <small>{props.hint}</small>}
    </label>
  );
}

/** Attributes of an input that its form may say. */
type InputOptions = Partial<
  Record<'autoComplete' | 'pattern' | 'placeholder' | 'min' | 'max' | 'list' | 'step', string> &
    Record<'required' | 'spellcheck', boolean> & {
      maxLength: number;
      type: 'text' | 'password' | 'datetime-local' | 'number' | 'time' | 'url';
    }
>;

/** Latest time that a field takes, so that a year has four digits. */
const LAST_TIME = '9999-12-31T23:59';

/** A text that is in a form. */
export function Input(props: { value: string; set: (value: string) => void } & InputOptions) {
  const { value, set, ...given } = props;
  const rest = given.type === 'datetime-local' ? { max: LAST_TIME, ...given } : given;
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

/** A text of several lines. `isCode`: none for people, such as JSON or a key. */
export function TextArea(props: {
  value: string;
  set: (value: string) => void;
  rows: number;
  required?: boolean;
  isCode?: boolean;
}) {
  const { set, isCode = false, ...rest } = props;
  return (
    <textarea
      {...rest}
      dir={isCode ? 'ltr' : 'auto'}
      spellcheck={!isCode}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
}

/** A choice between yes and no. */
export function Check(props: { label: string; isOn: boolean; set: (isOn: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={props.isOn} onChange={(event) => props.set(event.currentTarget.checked)} />
      {props.label}
    </label>
  );
}
