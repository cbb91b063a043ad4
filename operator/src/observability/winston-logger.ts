import type { Writable } from 'node:stream';
import winston from 'winston';
import type { LogFields, Logger } from '../runtime/logger.ts';
import { redact } from './redaction.ts';

/** From most to least severe. A level admits itself and everything more severe. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `json`: one object a line, for collectors. `text`: for people. */
export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The process's log, which must be closed before the process ends. */
export interface LogOutput {
  readonly logger: Logger;
  /** Resolves when every line written so far was handed to the stream, or after one second. */
  close(): Promise<void>;
}

/** A log that cannot be drained must not keep a stopping process alive for longer than this. */
const CLOSE_TIMEOUT_MILLISECONDS = 1000;

/**
 * Opens the log. A line is `{ time, level, message, ...fields }`, `time` in RFC 3339 with milliseconds; fields
 * pass {@link redact}. Fields never replace those three names.
 */
export function openLog(options: {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly stream: Writable;
}): LogOutput {
  const transport = new winston.transports.Stream({ stream: options.stream });
  const root = winston.createLogger({
    level: options.level,
    levels: Object.fromEntries(LOG_LEVELS.map((level, severity) => [level, severity])),
    format: winston.format.printf((line) => printLine(line, options.format)),
    transports: [transport],
    exitOnError: false,
  });
  return {
    logger: wrap(root, {}),
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, CLOSE_TIMEOUT_MILLISECONDS);
        transport.once('finish', () => {
          options.stream.write('', () => {
            clearTimeout(timer);
            resolve();
          });
        });
        root.end();
      }),
  };
}

function wrap(root: winston.Logger, inherited: LogFields): Logger {
  const write = (level: LogLevel, message: string, fields?: LogFields): void => {
    root.log({ level, message, fields: { ...inherited, ...fields } });
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => wrap(root, { ...inherited, ...fields }),
  };
}

function printLine(line: winston.Logform.TransformableInfo, format: LogFormat): string {
  const time = new Date().toISOString();
  const message = String(redact(line.message));
  const fields = Object.entries(redact(line['fields']) ?? {});
  if (format === 'json') {
    const head = { time, level: line.level, message };
    return JSON.stringify({ ...head, ...Object.fromEntries(fields), ...head });
  }
  const details = fields
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => ` ${name}=${typeof value === 'string' ? quoteSpaces(value) : JSON.stringify(value)}`,
    );
  return `${time} ${line.level.padEnd(5)} ${message}${details.join('')}`;
}

function quoteSpaces(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}
