/** The server's end of a connection, played by a test. */
import { duplexPair, type Duplex } from 'node:stream';
import {
  BASE_CAPABILITIES,
  CAPABILITY,
  addCapabilities,
  removeCapabilities,
} from '../../../wire/capabilities.ts';
import { encodeColumn, encodeColumnCount, textColumn } from '../../../wire/column-definition.ts';
import { EOF_HEADER, encodeOk, type OkPacket, PLAIN_OK } from '../../../wire/ok-packet.ts';
import { PacketChannel } from '../../../wire/packet-channel.ts';
import { PacketQueue } from '../../../wire/packet-queue.ts';
import { PayloadWriter } from '../../../wire/payload-writer.ts';
import { encodeError } from '../../../wire/server-error.ts';
import { encodeTextRow } from '../../../wire/text-row.ts';
import type { BackendServer, ConnectionTraits } from '../backend-connection.ts';
import type { StatementKiller } from '../command-runner.ts';
import { ServerConnection } from '../server-connection.ts';
import { StatementAllowance } from '../statement-allowance.ts';

export const SERVER: BackendServer = {
  pod: 'shard-0-1',
  host: '127.0.0.1',
  port: 3306,
  serverName: 'localhost',
};

export const TRAITS: ConnectionTraits = {
  foundRows: false,
  extendedMetadata: false,
  localFiles: false,
  generation: '',
};

/** What a connection of {@link TRAITS} speaks. */
export const CAPABILITIES = removeCapabilities(
  addCapabilities(BASE_CAPABILITIES, CAPABILITY.multiStatements),
  0,
  BASE_CAPABILITIES.extended,
);

const CHANNEL_OPTIONS = { maxPayload: 1 << 30, highWaterMark: 1 << 20, checkSequence: false };

/** Answers commands as the test says. */
export class ScriptedServer {
  readonly channel: PacketChannel;
  readonly #packets: PacketQueue;

  constructor(stream: Duplex) {
    this.channel = new PacketChannel(stream, CHANNEL_OPTIONS);
    this.#packets = new PacketQueue(this.channel);
  }

  /** The next command's payload. */
  command(): Promise<Buffer> {
    return this.#packets.next(AbortSignal.timeout(5000));
  }

  /** The next command, which must be a statement of text. */
  async statement(): Promise<string> {
    const payload = await this.command();
    if (payload[0] !== 0x03) {
      throw new Error(`command ${payload[0]} where a statement was expected`);
    }
    return payload.subarray(1).toString();
  }

  ok(ok: Partial<OkPacket> = {}): void {
    this.channel.send(encodeOk({ ...PLAIN_OK, ...ok }, CAPABILITIES));
  }

  error(errno: number, message = 'refused', sqlState = 'HY000'): void {
    this.channel.send(encodeError({ errno, sqlState, message }));
  }

  /** Column count and definitions. */
  columns(...names: string[]): void {
    this.channel.send(encodeColumnCount(names.length));
    for (const name of names) {
      this.channel.send(encodeColumn(textColumn(name), CAPABILITIES));
    }
  }

  row(...values: (string | null)[]): void {
    this.channel.send(encodeTextRow(values.map((value) => (value === null ? null : Buffer.from(value)))));
  }

  endRows(ok: Partial<OkPacket> = {}): void {
    this.channel.send(encodeOk({ ...PLAIN_OK, ...ok }, CAPABILITIES, EOF_HEADER));
  }

  /** The answer to COM_STMT_PREPARE, without definitions. */
  prepared(id: number): void {
    this.channel.send(
      new PayloadWriter().uint8(0).uint32(id).uint16(0).uint16(0).uint8(0).uint16(0).finish(),
    );
  }
}

/** Kills nothing, and remembers what it was asked for. */
export class RecordingKiller implements StatementKiller {
  readonly asked: string[] = [];
  /** What `killQuery` waits for. */
  gate: Promise<void> = Promise.resolve();

  async killQuery(threadId: number): Promise<void> {
    this.asked.push(`QUERY ${threadId}`);
    await this.gate;
  }

  killConnection(threadId: number): void {
    this.asked.push(`CONNECTION ${threadId}`);
  }
}

/** A connection that is logged in, and the server behind it. */
export function scriptedConnection({
  preparedStatements = 2,
  sharedStatements = new StatementAllowance(0),
} = {}): {
  readonly connection: ServerConnection;
  readonly server: ScriptedServer;
  readonly killer: RecordingKiller;
} {
  const [near, far] = duplexPair();
  const killer = new RecordingKiller();
  const session = {
    channel: new PacketChannel(near, CHANNEL_OPTIONS),
    capabilities: CAPABILITIES,
    threadId: 7,
    serverVersion: '11.8.6-MariaDB',
    status: PLAIN_OK.status,
  };
  const options = {
    server: SERVER,
    user: 'app',
    traits: TRAITS,
    killer,
    preparedStatements,
    sharedStatements,
  };
  return { connection: new ServerConnection(session, options), server: new ScriptedServer(far), killer };
}
