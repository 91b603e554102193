import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './dist.js';

/** What covers the interoperation with Python. */
export const PYTHON_HOW = 'install python3-grpcio, protobuf-compiler and protobuf-compiler-grpc';

/** The Debian packages are those of the system's own Python. */
const PYTHON = '/usr/bin/python3';
/** The service, and the options that state its rules. */
const PATHS = ['proto/onepush/v1', 'proto/buf'];

/** Whether this machine can make and run a gRPC client in Python. */
export function hasPythonGrpc(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import grpc, google.protobuf'], { stdio: 'ignore' });
    for (const [program, ...args] of [
      ['protoc', '--version'],
      ['which', 'grpc_python_plugin'],
    ] as const)
      execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Generates the stubs of the schema into a folder. */
export function generatePythonStubs(folder: string): void {
  const plugins = [
    { protoc_builtin: 'python', out: folder },
    { local: 'grpc_python_plugin', out: folder },
  ];
  const template = JSON.stringify({ version: 'v2', plugins });
  const paths = PATHS.flatMap((path) => ['--path', path]);
  execFileSync(join(ROOT, 'node_modules/.bin/buf'), ['generate', 'proto', '--template', template, ...paths], {
    cwd: ROOT,
  });
}

/** Runs a script with these stubs; what it has printed, and its exit code. */
export function runPython(stubs: string, script: string, args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      PYTHON,
      [join(ROOT, script), ...args],
      { env: { PATH: process.env.PATH, PYTHONPATH: stubs, PYTHONDONTWRITEBYTECODE: '1' }, timeout: 15_000 },
      (_error, stdout) => resolve({ code: child.exitCode ?? -1, text: stdout.trim() }),
    );
  });
}
