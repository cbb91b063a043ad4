import { spawn } from 'node:child_process';
import { ClusterError } from '../failure.ts';

/** Options of {@link runCommand}. */
export interface CommandOptions {
  readonly directory?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Written to the program's standard input. */
  readonly input?: string;
  /** Called with every whole line of standard output and standard error as it comes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** How a program ended that was started with {@link tryCommand}. */
export interface CommandOutcome {
  /** 127 when the program could not be started. */
  readonly exitCode: number;
  readonly standardOutput: string;
  readonly standardError: string;
}

/** Runs a program without a shell; never rejects for a failing program, only when aborted. */
export function tryCommand(
  program: string,
  programArguments: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArguments, {
      cwd: options.directory,
      env: options.environment === undefined ? process.env : { ...process.env, ...options.environment },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      signal: options.signal,
    });
    let standardOutput = '';
    let standardError = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (standardOutput += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (standardError += chunk));
    if (options.onLine !== undefined) {
      forwardLines(child.stdout, options.onLine);
      forwardLines(child.stderr, options.onLine);
    }
    // A program that ends before it has read its input must not end us with EPIPE: its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
    child.on('error', (error) => {
      if (options.signal?.aborted === true) {
        reject(error);
      } else {
        resolve({ exitCode: 127, standardOutput, standardError: `${program}: ${error.message}` });
      }
    });
    child.on('close', (code) => resolve({ exitCode: code ?? 128, standardOutput, standardError }));
  });
}

/**
 * Runs a program without a shell and returns its standard output.
 * @throws ClusterError `CommandFailed` with the command line and the end of its output.
 */
export async function runCommand(
  program: string,
  programArguments: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const outcome = await tryCommand(program, programArguments, options);
  if (outcome.exitCode !== 0) {
    const output = (outcome.standardError.trim() || outcome.standardOutput.trim()).split('\n').slice(-20);
    throw new ClusterError(
      'CommandFailed',
      `${[program, ...programArguments].join(' ')} failed with exit code ${String(outcome.exitCode)}:\n${output.join('\n')}`,
    );
  }
  return outcome.standardOutput;
}

function forwardLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      onLine(line);
    }
  });
  stream?.on('end', () => {
    if (rest !== '') {
      onLine(rest);
    }
  });
}
