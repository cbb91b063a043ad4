/** The launcher's log: the format of the other commands' logs, without their logging library's start-up time. */

export type LauncherLog = (
  level: 'error' | 'warn' | 'info',
  message: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void;

/** Writes one JSON object a line. A line that cannot be written is dropped: no log is worth a database. */
export function createLauncherLog(stream: NodeJS.WritableStream): LauncherLog {
  stream.on('error', () => {});
  return (level, message, fields) => {
    const time = new Date().toISOString();
    stream.write(`${JSON.stringify({ time, level, message, component: 'launcher', ...fields })}\n`);
  };
}
