/** The least there is to a client of a server: no TLS, whole payloads, nothing understood. What others are compared with. */
import { connect } from 'node:net';
import { ED25519, signEd25519 } from '../../operator/src/wire/auth/ed25519.ts';
import {
  nativeSecretOf,
  NATIVE_PASSWORD,
  proveNative,
} from '../../operator/src/wire/auth/native-password.ts';
import { decodeLoginReply } from '../../operator/src/wire/auth/packets.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  CAPABILITY,
  type Capabilities,
  commonCapabilities,
  removeCapabilities,
} from '../../operator/src/wire/capabilities.ts';
import { encodeHandshakeResponse } from '../../operator/src/wire/handshake-response.ts';
import { decodeGreeting } from '../../operator/src/wire/initial-handshake.ts';
import { PacketChannel } from '../../operator/src/wire/packet-channel.ts';
import { PacketQueue } from '../../operator/src/wire/packet-queue.ts';

export interface PlainClientOptions {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The plugin that the client begins with. */
  readonly plugin?: typeof NATIVE_PASSWORD | typeof ED25519;
}

/** A connection to a server. */
export class PlainClient {
  readonly #channel: PacketChannel;
  readonly #packets: PacketQueue;
  readonly capabilities: Capabilities;
  /** Packets from the server during the login, the greeting not included: round trips. */
  readonly replies: number;
  /** What the server said in the end. */
  readonly accepted: boolean;

  private constructor(
    channel: PacketChannel,
    packets: PacketQueue,
    login: { readonly capabilities: Capabilities; readonly replies: number; readonly accepted: boolean },
  ) {
    this.#channel = channel;
    this.#packets = packets;
    this.capabilities = login.capabilities;
    this.replies = login.replies;
    this.accepted = login.accepted;
  }

  static async open({
    port,
    user,
    password,
    plugin = NATIVE_PASSWORD,
  }: PlainClientOptions): Promise<PlainClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const channel = new PacketChannel(socket, {
      maxPayload: 1 << 30,
      highWaterMark: 1 << 20,
      checkSequence: false,
    });
    const packets = new PacketQueue(channel);
    const greeting = decodeGreeting(await packets.next(null));
    if (greeting.kind === 'refused') {
      throw new Error(greeting.error.message);
    }
    const wanted = addCapabilities(BASE_CAPABILITIES, CAPABILITY.multiStatements | CAPABILITY.localFiles);
    const capabilities = commonCapabilities(
      removeCapabilities(wanted, 0, BASE_CAPABILITIES.extended),
      greeting.handshake.capabilities,
    );
    const secret = nativeSecretOf(password);
    const prove = (name: string, nonce: Buffer): Buffer =>
      name === ED25519
        ? signEd25519(password, nonce.subarray(0, 32))
        : proveNative(secret, nonce.subarray(0, 20));
    channel.send(
      encodeHandshakeResponse({
        capabilities,
        maxPacket: 1 << 30,
        collation: 45,
        user,
        // ed25519 answers no nonce of 20 bytes: its client waits to be asked.
        authentication: plugin === ED25519 ? Buffer.alloc(0) : prove(plugin, greeting.handshake.nonce),
        database: null,
        plugin,
        attributes: new Map(),
      }),
    );
    for (let replies = 1; ; replies += 1) {
      const reply = decodeLoginReply(await packets.next(null), capabilities);
      if (reply.kind === 'accepted' || reply.kind === 'refused') {
        return new PlainClient(channel, packets, {
          capabilities,
          replies,
          accepted: reply.kind === 'accepted',
        });
      }
      channel.send(reply.kind === 'switch' ? prove(reply.plugin, reply.data) : Buffer.alloc(0));
    }
  }

  /** Sends a command; the first `count` payloads of its answer. */
  async command(payload: Buffer, count: number): Promise<Buffer[]> {
    this.#channel.beginCommand();
    this.#channel.send(payload);
    const payloads: Buffer[] = [];
    while (payloads.length < count) {
      payloads.push(Buffer.from(await this.#packets.next(null)));
    }
    return payloads;
  }

  close(): void {
    this.#channel.destroy();
  }
}
