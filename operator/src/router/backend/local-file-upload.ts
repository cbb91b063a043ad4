import type { PacketChannel } from '../../wire/packet-channel.ts';
import type { LocalFile } from './result-sink.ts';

/** Bytes of a file that travel in one packet: a server's max_allowed_packet is larger. */
const PIECE = 256 * 1024;

/**
 * Sends a file to the server that asked for it, no faster than the server takes it, and the empty packet behind it. Rejects
 * with what the file's iteration throws, and when the channel closes.
 */
export async function uploadLocalFile(
  channel: PacketChannel,
  file: LocalFile | null,
  signal: AbortSignal,
): Promise<void> {
  if (file !== null) {
    for await (const bytes of file) {
      for (let at = 0; at < bytes.length; at += PIECE) {
        if (!channel.send(bytes.subarray(at, at + PIECE))) {
          await channel.drained(signal);
        }
      }
    }
  }
  channel.send(Buffer.alloc(0));
}
