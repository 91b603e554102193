import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Fields } from './memory.js';

/** The form: what is typed, and what the service complains of. */
export interface Form {
  readonly fields: Fields;
  /** Takes what is typed. */
  change(changes: Partial<Fields>): void;
  /** Names of fields that are wrong, and what is said of them. */
  readonly wrong: { readonly names: readonly string[]; readonly message: string };
}

type TextName = { [Name in keyof Fields]: Fields[Name] extends string ? Name : never }[keyof Fields];

interface FieldProps {
  readonly form: Form;
  readonly name: TextName;
  readonly label: string;
}

/** Returns what shows that a field is wrong. */
function useComplaint({ wrong }: Form, name: string) {
  const id = useId();
  if (!wrong.names.includes(name)) return { attributes: {}, note: undefined };
  const note = (
    <small id={id} class="error">
      {wrong.message}
    </small>
  );
  return { attributes: { 'aria-invalid': true, 'aria-describedby': id }, note };
}

/** A line or more of text. */
export function TextField(
  props: FieldProps & {
    rows?: number;
    placeholder?: string;
    isSecret?: boolean;
    isCode?: boolean;
    isWide?: boolean;
  },
) {
  const { form, name, label, rows, placeholder, isSecret, isCode, isWide } = props;
  const { attributes, note } = useComplaint(form, name);
  const given = {
    id: name,
    name,
    placeholder,
    value: form.fields[name],
    onInput: (event: { currentTarget: { value: string } }) => form.change({ [name]: event.currentTarget.value }),
    autocomplete: 'off',
    autocapitalize: 'none' as const,
    spellcheck: false,
    ...(isCode && { class: 'code' }),
    ...attributes,
  };
  return (
    <div class={isWide ? 'field wide' : 'field'}>
      <label for={name}>{label}</label>
      {rows !== undefined ? (
        <textarea rows={rows} {...given} />
      ) : isSecret ? (
        <input type="password" {...given} />
      ) : (
        <input type="text" {...given} />
      )}
      {note}
    </div>
  );
}

/** A choice of some values. */
export function ChoiceField(props: FieldProps & { options: Readonly<Record<string, string>> }) {
  const { form, name, label, options } = props;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <select
        id={name}
        name={name}
        value={form.fields[name]}
        onChange={({ currentTarget }) => form.change({ [name]: currentTarget.value })}
      >
        {Object.entries(options).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A box to tick. */
export function TickField(props: { form: Form; name: 'needConfirm' | 'clearOnRead' | 'autoConfirm'; label: string }) {
  const { form, name, label } = props;
  return (
    <label class="tick">
      <input
        id={name}
        type="checkbox"
        checked={form.fields[name]}
        onChange={({ currentTarget }) => form.change({ [name]: currentTarget.checked })}
      />
      {label}
    </label>
  );
}

/** Fields that are rarely needed. */
export function Fold(props: { id?: string; summary: string; isOpen?: boolean; children: ComponentChildren }) {
  return (
    <details id={props.id} open={props.isOpen}>
      <summary>{props.summary}</summary>
      {props.children}
    </details>
  );
}

/** The kinds of devices. */
export const PLATFORMS = { WEB: 'Web', ANDROID: 'Android', IOS: 'iOS', PC: 'PC' };
