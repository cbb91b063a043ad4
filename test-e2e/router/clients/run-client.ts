import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Characters: the source of a bundled library can be in what a program says. */
const LONGEST_COMPLAINT = 4000;

/** Runs a program to its end, and returns what it has printed. Rejects with the end of what it says where it fails. */
export async function runProgram(
  command: string,
  programArguments: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, [...programArguments], {
      cwd: folder,
      env: { ...process.env, ...environment },
      maxBuffer: 16 << 20,
    });
    return stdout.trim();
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${command} has failed: ${`${stdout}\n${stderr}`.slice(-LONGEST_COMPLAINT)}`, { cause });
  }
}
