import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { ChecksumRemover } from './event-checksum.ts';
import { formatEvent, gtidEvent, rowsEvent } from './testing/log-events.ts';

/** The event as a server logs it that makes checksums. */
function withChecksum(event: Buffer): Buffer {
  const longer = Buffer.concat([event, Buffer.alloc(4)]);
  longer.writeUInt32LE(longer.length, 9);
  longer.writeUInt32LE(crc32(longer.subarray(0, event.length)), event.length);
  return longer;
}

describe('ChecksumRemover', () => {
  it('takes checksums off from the format description on that says so', () => {
    const remover = new ChecksumRemover();
    const first = gtidEvent(1);
    expect(remover.take(Buffer.from(first)).equals(first)).toBe(true);
    expect(remover.take(formatEvent({ algorithm: 1 })).equals(formatEvent({ algorithm: 0 }))).toBe(true);
    const rows = rowsEvent(7, true, 'some rows');
    expect(remover.take(withChecksum(rows)).equals(rows)).toBe(true);
    remover.take(formatEvent({ algorithm: 0 }));
    expect(remover.take(Buffer.from(rows)).equals(rows)).toBe(true);
  });

  it('finds every damaged bit', () => {
    const rows = withChecksum(rowsEvent(7, true, 'some rows'));
    for (let bit = 0; bit < rows.length * 8; bit += 1) {
      const remover = new ChecksumRemover();
      remover.take(formatEvent({ algorithm: 1 }));
      const damaged = Buffer.from(rows);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      // As a format description it would be read in another way, and is refused for its kind of checksums.
      expect(() => remover.take(damaged)).toThrow(expect.objectContaining({ code: 'UnreadableFiles' }));
    }
  });

  it('refuses checksums of a kind that is not known', () => {
    expect(() => new ChecksumRemover().take(formatEvent({ algorithm: 2 }))).toThrow('unknown kind: 2');
  });
});
