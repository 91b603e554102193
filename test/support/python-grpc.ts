import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './dist.js';

/** What covers the interoperation with Python. */
export const PYTHON_HOW = 'install python3-grpcio, protobuf-compiler and protobuf-compiler-grpc';

/** The Debian packages are those of the system's own Python. */
const PYTHON = '/usr/bin/python3';

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

/** Google's file, with its own options: what `googleapis-common-protos` brings to a program in Python. */
const GOOGLE_STATUS = `syntax = "proto3";
package google.rpc;
import "google/protobuf/any.proto";
option cc_enable_arenas = true;
option go_package = "google.golang.org/genproto/googleapis/rpc/status;status";
option java_multiple_files = true;
option java_outer_classname = "StatusProto";
option java_package = "com.google.rpc";
option objc_class_prefix = "RPC";
message Status {
  int32 code = 1;
  string message = 2;
  repeated google.protobuf.Any details = 3;
}
`;

/** Makes modules like those of `googleapis-common-protos`, which Debian does not have, in a folder. */
export function generateGoogleapis(folder: string): void {
  const source = join(folder, 'proto');
  mkdirSync(join(source, 'google/rpc'), { recursive: true });
  writeFileSync(join(source, 'google/rpc/status.proto'), GOOGLE_STATUS);
  const template = JSON.stringify({ version: 'v2', plugins: [{ protoc_builtin: 'python', out: folder }] });
  execFileSync(join(ROOT, 'node_modules/.bin/buf'), ['generate', source, '--template', template], { cwd: ROOT });
}

/** Runs a script with what these folders have; what it has printed, and its exit code. */
export function runPython(path: string[], script: string, args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      PYTHON,
      [join(ROOT, script), ...args],
      { env: { PATH: process.env.PATH, PYTHONPATH: path.join(':'), PYTHONDONTWRITEBYTECODE: '1' }, timeout: 15_000 },
      (_error, stdout) => resolve({ code: child.exitCode ?? -1, text: stdout.trim() }),
    );
  });
}
