/**
 * Taking the checksums off events. A server sends its log as it has written it, and says in each format description whether
 * what follows carries them. Whoever changes an event would have to make them anew: so they are checked, once, and left out.
 * Source: https://mariadb.com/kb/en/format_description_event/
 */
import { crc32 } from 'node:zlib';
import { EngineError } from '../../engine-error.ts';
import { EVENT_HEADER_BYTES } from '../log-events.ts';
import { EVENT_TYPE, eventType } from './binlog-event.ts';

/** Of CRC-32, behind the event. */
const CHECKSUM_BYTES = 4;
/** Where the length of the whole event is. */
const LENGTH_AT = 9;

/** Numbers of the algorithms, in the last byte of a format description before its own checksum. */
const NONE = 0;
const CRC32 = 1;

/** Takes the events of one stream in their order. */
export class ChecksumRemover {
  #algorithm = NONE;

  /** The event without its checksum. Changes the event's bytes. EngineError `UnreadableFiles` when it is damaged. */
  take(event: Buffer): Buffer {
    if (event.length < EVENT_HEADER_BYTES || event.readUInt32LE(LENGTH_AT) !== event.length) {
      throw new EngineError('UnreadableFiles', 'an event of the log has not the length that it says');
    }
    if (eventType(event) === EVENT_TYPE.formatDescription) {
      return this.#takeFormat(event);
    }
    return this.#algorithm === NONE ? event : withoutChecksum(event);
  }

  /** A format description has a place for a checksum in any case, and from now on says that there are none. */
  #takeFormat(event: Buffer): Buffer {
    const at = event.length - CHECKSUM_BYTES - 1;
    const algorithm = event.readUInt8(at);
    if (algorithm !== NONE && algorithm !== CRC32) {
      throw new EngineError('UnreadableFiles', `the log has checksums of an unknown kind: ${algorithm}`);
    }
    this.#algorithm = algorithm;
    event.writeUInt8(NONE, at);
    return event;
  }
}

function withoutChecksum(event: Buffer): Buffer {
  const end = event.length - CHECKSUM_BYTES;
  if (end < EVENT_HEADER_BYTES || crc32(event.subarray(0, end)) !== event.readUInt32LE(end)) {
    throw new EngineError('UnreadableFiles', 'an event of the log is damaged: its checksum does not fit');
  }
  event.writeUInt32LE(end, LENGTH_AT);
  return event.subarray(0, end);
}
