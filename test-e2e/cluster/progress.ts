/** Shows what is being done and how long it took. */
export interface Progress {
  /** Runs one step; its line shows the seconds it took. A step inside a step is allowed. */
  step<T>(title: string, action: (detail: (text: string) => void) => Promise<T>): Promise<T>;
  /** One line of information. */
  note(text: string): void;
}

/** How often a step that is still running says so, in milliseconds. */
const reminderMilliseconds = 10_000;

/** Progress as plain lines with the seconds since the start: readable in a terminal and in a CI log. */
export function createProgress(
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  now: () => number = () => performance.now(),
): Progress {
  const started = now();
  const stamp = (): string => `[${((now() - started) / 1000).toFixed(1).padStart(6)} s]`;
  return {
    async step(title, action) {
      const stepStarted = now();
      let latest = '';
      const seconds = (): string => ((now() - stepStarted) / 1000).toFixed(1);
      const reminder = setInterval(() => {
        write(`${stamp()}   … ${title}${latest === '' ? '' : `: ${latest}`} (${seconds()} s)`);
      }, reminderMilliseconds);
      try {
        const result = await action((text) => (latest = text));
        write(`${stamp()} ✓ ${title} (${seconds()} s)`);
        return result;
      } catch (error) {
        write(`${stamp()} ✗ ${title} (${seconds()} s)`);
        throw error;
      } finally {
        clearInterval(reminder);
      }
    },
    note(text) {
      write(`${stamp()}   ${text}`);
    },
  };
}

/** Progress for callers that want none, such as tests. */
export const silentProgress: Progress = {
  step: (_title, action) => action(() => undefined),
  note: () => undefined,
};
