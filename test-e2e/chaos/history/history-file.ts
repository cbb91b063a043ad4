import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { HistoryEntry } from './history.ts';

/** A history file that is being written: one JSON object a line. */
export interface HistoryWriter {
  write(entry: HistoryEntry): void;
  /** Resolves when everything is in the file. */
  close(): Promise<void>;
}

/** Begins a new file. */
export function createHistoryFile(path: string): HistoryWriter {
  const stream = createWriteStream(path, { flags: 'w' });
  return {
    write: (entry) => void stream.write(`${JSON.stringify(entry)}\n`),
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

/** The entries of a file. A last line that was cut off by the death of its writer is left out. */
export async function readHistoryFile(path: string): Promise<HistoryEntry[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  // Whatever follows the last line break was not written whole.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as HistoryEntry);
}
