import { spawn } from 'node:child_process';

const SCRIPT = 'read -r _; [ -z "$1" ] || kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"';

/**
 * Makes sure that the process `pid` does not outlive this one, however this one ends (SIGKILL and a crash included),
 * and that `directory`, when given, is removed then. A small shell waits for the end of a pipe that only this process
 * holds. Returns the function that ends the watch; call it once the process has exited. Without a pid, as of a process
 * that could not be started, only the directory is watched over.
 */
export function guard(pid: number | undefined, directory = ''): () => void {
  const watcher = spawn('/bin/sh', ['-c', SCRIPT, 'guard', String(pid ?? ''), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.on('error', () => {});
  watcher.stdin.on('error', () => {});
  watcher.unref();
  // Safe: Node hands out a Socket for the pipe of a child; its types promise only a Writable.
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => {
    watcher.kill('SIGKILL');
  };
}
