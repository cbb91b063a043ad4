import { spawn } from 'node:child_process';

/** How one child process ended. */
export interface CommandResult {
  readonly exitCode: number;
  /** Standard output and standard error, interleaved as they came. */
  readonly output: string;
  readonly milliseconds: number;
}

/**
 * Runs a program without a shell and waits for its end. Never rejects for a non-zero exit; a program that
 * cannot be started yields exit code 127 with the reason as its output. `show` passes the output on as it
 * comes.
 */
export function runCommand(
  program: string,
  programArguments: readonly string[],
  options: { readonly environment?: NodeJS.ProcessEnv; readonly show?: 'all' | 'stderr' } = {},
): Promise<CommandResult> {
  const started = performance.now();
  return new Promise((resolve) => {
    const chunks: string[] = [];
    const child = spawn(program, programArguments, {
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (show: boolean) => (chunk: string) => {
      chunks.push(chunk);
      if (show) {
        process.stdout.write(chunk);
      }
    };
    child.stdout.setEncoding('utf8').on('data', collect(options.show === 'all'));
    child.stderr.setEncoding('utf8').on('data', collect(options.show !== undefined));
    const finish = (exitCode: number): void =>
      resolve({ exitCode, output: chunks.join(''), milliseconds: performance.now() - started });
    child.on('error', (error) => {
      chunks.push(`${program}: ${error.message}\n`);
      finish(127);
    });
    child.on('close', (code) => finish(code ?? 1));
  });
}
