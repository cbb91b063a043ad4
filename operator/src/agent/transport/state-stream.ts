import type { Writable } from 'node:stream';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { FRAME_INTERVAL_MILLISECONDS } from '../protocol/frame.ts';
import type { StateFeed } from './state-feed.ts';

/** A reader that takes nothing for so long is given up: its end of the connection is most likely gone. */
const READER_STALL_MILLISECONDS = 15_000;

/**
 * Streams the feed: a frame at once, one at every change, and one when none was sent for a quarter of a second. At most
 * one frame is under way: while the reader has not taken it, changes only note that another is due, and what
 * then goes out is the newest state. A slow reader so costs one frame of memory, and never reads its way
 * through the past. Ends with the stream, which it destroys when the reader stalls.
 */
export function streamState(feed: StateFeed, stream: Writable, clock: Clock): void {
  let isWriting = false;
  let isDue = false;
  let timer: Timer | undefined;

  const write = (): void => {
    if (isWriting) {
      isDue = true;
      return;
    }
    const frame = feed.frame();
    if (frame === undefined || stream.destroyed) {
      return;
    }
    isWriting = true;
    isDue = false;
    timer?.cancel();
    timer = clock.setTimer(READER_STALL_MILLISECONDS, () => stream.destroy());
    // The callback comes once the frame is with the kernel.
    stream.write(frame, onWritten);
  };

  const onWritten = (error?: Error | null): void => {
    isWriting = false;
    timer?.cancel();
    if (error !== undefined && error !== null) {
      return;
    }
    timer = clock.setTimer(FRAME_INTERVAL_MILLISECONDS, write);
    if (isDue) {
      write();
    }
  };

  const forget = feed.onChange(write);
  stream.once('close', () => {
    forget();
    timer?.cancel();
  });
  write();
}
