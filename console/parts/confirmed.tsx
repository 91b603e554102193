import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../texts/index.js';

/**
 * A question before something that cannot be taken back. It is shown from its first moment on; Escape says no, and the
 * focus goes back to where it was.
 */
export function AskDialog(props: { question: string; label: string; answer: (isYes: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isAnswered = useRef(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  // At once: the event that it is closed comes later, and a key that is pressed before that would go astray.
  const answer = (isYes: boolean): void => {
    if (isAnswered.current) return;
    isAnswered.current = true;
    dialog.current?.close();
    props.answer(isYes);
  };
  return (
    <dialog
      ref={dialog}
      role="alertdialog"
      aria-label={props.question}
      onCancel={(event) => {
        event.preventDefault();
        answer(false);
      }}
      onClose={() => answer(false)}
    >
      <p>{props.question}</p>
      <div class="actions end">
        {/* The first of them has the focus: what can be undone. */}
        <button type="button" onClick={() => answer(false)}>
          {t('cancel')}
        </button>
        <button type="button" class="danger solid" onClick={() => answer(true)}>
          {props.label}
        </button>
      </div>
    </dialog>
  );
}

/** A button that asks once more before it does what cannot be undone at once. `question` names what goes. */
export function Confirmed(props: { label: string; question: string; isBusy: boolean; act: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const button = opener.current;
    const heading = button?.closest('section')?.querySelector('h2');
    // A row that goes takes its button along: whoever has no mouse goes on at the heading above.
    return () => {
      if (document.activeElement === button) heading?.focus();
    };
  }, []);
  return (
    <>
      <button
        type="button"
        class="danger"
        ref={opener}
        aria-disabled={props.isBusy}
        onClick={() => props.isBusy || setAsking(true)}
      >
        {props.label}
      </button>
      {isAsking && (
        <AskDialog
          question={props.question}
          label={props.label}
          answer={(isYes) => {
            setAsking(false);
            if (isYes) props.act();
          }}
        />
      )}
    </>
  );
}
