/** A client that can say anything, for what real clients do not do. */
import { connect, type Socket } from 'node:net';
import { proveNative, nativeSecretOf } from '../../../wire/auth/native-password.ts';
import { BASE_CAPABILITIES, CAPABILITY } from '../../../wire/capabilities.ts';
import { encodeHandshakeResponse } from '../../../wire/handshake-response.ts';
import { decodeGreeting } from '../../../wire/initial-handshake.ts';
import { PacketChannel } from '../../../wire/packet-channel.ts';
import { PacketQueue } from '../../../wire/packet-queue.ts';
import { PASSWORD } from './trivial-listener.ts';

const never = new AbortController().signal;

/** One connection at the level of packets. */
export class RawClient {
  readonly socket: Socket;
  readonly channel: PacketChannel;
  readonly #packets: PacketQueue;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.channel = new PacketChannel(this.socket, {
      maxPayload: 2 ** 30,
      highWaterMark: 2 ** 20,
      checkSequence: false,
    });
    this.#packets = new PacketQueue(this.channel);
  }

  /** The next payload of the server; rejects when it closes the connection. */
  next(): Promise<Buffer> {
    return this.#packets.next(never);
  }

  /** Logs in as `native`, and resolves with the server's last word on it. */
  async logIn(user = 'native', flags = 0): Promise<Buffer> {
    const greeting = decodeGreeting(await this.next());
    if (greeting.kind === 'refused') throw new Error(greeting.error.message);
    this.channel.send(
      encodeHandshakeResponse({
        capabilities: { flags: BASE_CAPABILITIES.flags | CAPABILITY.localFiles | flags, extended: 0 },
        maxPacket: 2 ** 24,
        collation: 45,
        user,
        authentication: proveNative(nativeSecretOf(PASSWORD), greeting.handshake.nonce),
        database: null,
        plugin: 'mysql_native_password',
        attributes: new Map([['program_name', 'raw']]),
      }),
    );
    return this.next();
  }

  /** Sends a command without waiting for anything. */
  send(code: number, text = ''): void {
    this.channel.beginCommand();
    this.channel.send(Buffer.concat([Buffer.of(code), Buffer.from(text)]));
  }

  /** Resolves when the server has closed the connection; what it still says is dropped. */
  async ended(): Promise<void> {
    for (;;) {
      try {
        await this.next();
      } catch {
        return;
      }
    }
  }
}
