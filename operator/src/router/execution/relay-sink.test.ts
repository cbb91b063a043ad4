import { describe, expect, it } from '@jest/globals';
import { framePayload } from '../../wire/frame.ts';
import { CollectingAnswer } from './collecting-answer.ts';
import { RelaySink } from './relay-sink.ts';

describe('RelaySink', () => {
  it('counts the rows that it hands on, of the last result', () => {
    const end = () => ({ status: 2, statusBits: 0, lastInsertId: undefined });
    const sink = new RelaySink(new CollectingAnswer(false), end, new Set(), new AbortController().signal);
    const frames: Buffer[] = [];
    for (const text of ['\u0001a', '\u0001b', '\u0001c']) {
      framePayload(Buffer.from(text), 5, frames);
    }
    const rows = Buffer.concat(frames);
    sink.columns([]);
    sink.rows(rows, 0, rows.length);
    sink.rows(rows, 0, rows.length);
    expect(sink.rowCount).toBe(6);
    sink.columns([]);
    sink.rows(Buffer.from(rows), 0, rows.length);
    expect(sink.rowCount).toBe(3);
  });
});
