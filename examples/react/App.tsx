import type { DeviceState } from '@one-push/device';
import { type FormEvent, useState } from 'react';
import { useDevice } from './useDevice';

/** Says for people how things are. */
function describe(state: DeviceState): string {
  switch (state.name) {
    case 'open':
      return 'Connected';
    case 'following':
      return state.isOpen ? 'Connected by another tab' : 'Connecting';
    case 'waiting':
      return 'Trying again soon';
    case 'paused':
      return 'Paused';
    case 'closed':
      return 'Ended';
    default:
      return 'Connecting';
  }
}

/** Asks who the user is, and then shows what comes for this user. */
export function App() {
  const query = new URLSearchParams(location.search);
  const [alias, setAlias] = useState(query.get('alias') ?? '');
  if (alias !== '') return <Inbox url={query.get('url') ?? 'http://127.0.0.1:8080'} alias={alias} />;
  const enter = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setAlias(String(new FormData(event.currentTarget).get('alias')));
  };
  return (
    <form onSubmit={enter}>
      <label>
        Your name <input name="alias" required maxLength={255} />
      </label>
      <button type="submit">Receive</button>
    </form>
  );
}

function Inbox({ url, alias }: { url: string; alias: string }) {
  const { state, messages } = useDevice({ url, appId: 'testapp1', alias, platform: 'WEB' });
  return (
    <main>
      <h1>{alias}</h1>
      <p role="status">{describe(state)}</p>
      <ul>
        {messages.map(({ id, title, alert }) => (
          <li key={id}>
            {title !== undefined && <b>{title}</b>} {alert}
          </li>
        ))}
      </ul>
    </main>
  );
}
