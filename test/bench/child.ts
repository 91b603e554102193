import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a program of the bench can be asked, seen from the process that started it. */
export type Remote<M extends object> = {
  [K in keyof M]: M[K] extends (input: infer I) => infer O ? (input: I) => Promise<Awaited<O>> : never;
};

/** A program of the bench in a process of its own. */
export interface Child<M extends object> {
  readonly pid: number;
  readonly ask: Remote<M>;
  stop(): Promise<void>;
}

interface Question {
  id: number;
  method: string;
  input: unknown;
}

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** Answers what the parent asks, with JSON in and out; ends when the parent goes. */
export function serve<M extends object>(methods: M): void {
  // Safe: the parent asks through Remote<M>, which knows no other methods and inputs.
  const handlers = methods as Record<string, (input: unknown) => unknown>;
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, method, input }: Question) => {
    const answer: Answer = { id };
    try {
      answer.value = await handlers[method]?.(input);
    } catch (error) {
      answer.error = error instanceof Error ? error.message : String(error);
    }
    process.send?.(answer);
  });
}

/**
 * Starts the program at this URL, with this in its environment besides ours; it must call `serve` with methods of type
 * M.
 */
export async function startChild<M extends object>(url: URL, env: Record<string, string> = {}): Promise<Child<M>> {
  const child = fork(fileURLToPath(url), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'spawn');
  const exit = once(child, 'exit');
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    const waiter = open.get(id);
    open.delete(id);
    if (error === undefined) waiter?.resolve(value);
    else waiter?.reject(new Error(error));
  });
  child.on('exit', (code) => {
    for (const { reject } of open.values()) reject(new Error(`${url.pathname} ended with ${code}`));
  });
  const target = {
    get: (_: object, method: string) => (input: unknown) =>
      new Promise<unknown>((resolve, reject) => {
        open.set(++lastId, { resolve, reject });
        child.send({ id: lastId, method, input } satisfies Question);
      }),
  };
  return {
    pid: child.pid ?? 0,
    // Safe: `serve` of the other side has exactly the methods of M.
    ask: new Proxy({}, target) as Remote<M>,
    async stop() {
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}
