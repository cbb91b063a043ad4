/** A client in the words of the router's own protocol layer, to hold that against a real server. */
import { connect, type NetConnectOpts } from 'node:net';
import { type Credential, continueLogin, proveLogin } from '../../operator/src/wire/auth/prove.ts';
import { decodeLoginReply } from '../../operator/src/wire/auth/packets.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  type Capabilities,
  commonCapabilities,
  EXTENDED_CAPABILITY,
} from '../../operator/src/wire/capabilities.ts';
import { type ColumnDefinition, decodeColumn } from '../../operator/src/wire/column-definition.ts';
import { COMMAND } from '../../operator/src/wire/command-code.ts';
import { encodeHandshakeResponse } from '../../operator/src/wire/handshake-response.ts';
import { decodeGreeting } from '../../operator/src/wire/initial-handshake.ts';
import { decodeOk, isEndOfRows, type OkPacket } from '../../operator/src/wire/ok-packet.ts';
import { PacketChannel } from '../../operator/src/wire/packet-channel.ts';
import { PacketQueue } from '../../operator/src/wire/packet-queue.ts';
import { PayloadReader } from '../../operator/src/wire/payload-reader.ts';
import { decodeProgress, type ProgressReport } from '../../operator/src/wire/progress-report.ts';
import { decodeError } from '../../operator/src/wire/server-error.ts';
import { decodePrepareOk, encodeExecute } from '../../operator/src/wire/statement-packets.ts';
import type { ValueType, WireValue } from '../../operator/src/wire/wire-value.ts';

/** A result with its rows as they came. */
export interface WireResult {
  readonly columns: readonly ColumnDefinition[];
  readonly rows: readonly Buffer[];
}

/** One connection, over a server's socket, or without TLS. */
export class WireClient {
  readonly #channel: PacketChannel;
  readonly #packets: PacketQueue;
  #capabilities: Capabilities = BASE_CAPABILITIES;
  /** What it was told of statements that took long. */
  readonly progress: ProgressReport[] = [];

  private constructor(address: NetConnectOpts) {
    this.#channel = new PacketChannel(connect(address), {
      maxPayload: 2 ** 30,
      highWaterMark: 2 ** 20,
      checkSequence: true,
    });
    this.#packets = new PacketQueue(this.#channel);
  }

  /** Logs in by whatever plugin the server wants. */
  static async logIn(
    server: string | NetConnectOpts,
    user: string,
    credential: Credential,
  ): Promise<WireClient> {
    const client = new WireClient(typeof server === 'string' ? { path: server } : server);
    const greeting = decodeGreeting(await client.#packets.next(null));
    if (greeting.kind === 'refused') throw new Error(greeting.error.message);
    const { handshake } = greeting;
    const wanted = addCapabilities(BASE_CAPABILITIES, 0, EXTENDED_CAPABILITY.progress);
    client.#capabilities = commonCapabilities(wanted, handshake.capabilities);
    let { plugin } = handshake;
    client.#channel.send(
      encodeHandshakeResponse({
        capabilities: client.#capabilities,
        maxPacket: 2 ** 24,
        collation: 45,
        user,
        authentication: proveLogin(plugin, handshake.nonce, credential),
        database: null,
        plugin,
        attributes: new Map(),
      }),
    );
    for (;;) {
      const reply = decodeLoginReply(await client.#packets.next(null), client.#capabilities);
      if (reply.kind === 'accepted') return client;
      if (reply.kind === 'refused') throw new Error(reply.error.message);
      if (reply.kind === 'switch') ({ plugin } = reply);
      const answer =
        reply.kind === 'switch'
          ? proveLogin(plugin, reply.data, credential)
          : continueLogin(plugin, reply.data, credential, true);
      if (answer !== null) client.#channel.send(answer);
    }
  }

  /** Runs a statement without rows. */
  async run(sql: string): Promise<OkPacket> {
    this.#command(COMMAND.query, Buffer.from(sql));
    return decodeOk(await this.#answer(), this.#capabilities);
  }

  /** Rows in the text protocol. */
  async query(sql: string): Promise<WireResult> {
    this.#command(COMMAND.query, Buffer.from(sql));
    return this.#result(await this.#answer());
  }

  /** Rows in the binary protocol, of a statement that is prepared for it and closed with the connection. */
  async execute(sql: string, types: readonly ValueType[], values: readonly WireValue[]): Promise<WireResult> {
    const { statementId } = await this.prepare(sql);
    this.#channel.beginCommand();
    this.#channel.send(encodeExecute({ statementId, cursor: 0, types, values }));
    return this.#result(await this.#answer());
  }

  /** COM_STMT_PREPARE: the statement's number, and the columns that it is said to have. */
  async prepare(
    sql: string,
  ): Promise<{ readonly statementId: number; readonly columns: readonly ColumnDefinition[] }> {
    this.#command(COMMAND.statementPrepare, Buffer.from(sql));
    const { statementId, parameters, columns } = decodePrepareOk(await this.#answer());
    for (let left = parameters; left > 0; left -= 1) await this.#packets.next(null);
    const definitions: ColumnDefinition[] = [];
    while (definitions.length < columns)
      definitions.push(decodeColumn(await this.#packets.next(null), this.#capabilities));
    return { statementId, columns: definitions };
  }

  /** COM_FIELD_LIST: columns of a table, of which the defaults are not read. */
  async fields(table: string, wildcard = ''): Promise<readonly ColumnDefinition[]> {
    this.#command(COMMAND.fieldList, Buffer.from(`${table}\0${wildcard}`));
    const columns: ColumnDefinition[] = [];
    for (;;) {
      const payload = await this.#answer();
      if (isEndOfRows(payload[0] as number, payload.length, this.#capabilities)) return columns;
      columns.push(decodeColumn(payload, this.#capabilities));
    }
  }

  /** COM_PROCESS_KILL. */
  async kill(connectionId: number): Promise<OkPacket> {
    const body = Buffer.alloc(4);
    body.writeUInt32LE(connectionId);
    this.#command(COMMAND.processKill, body);
    return decodeOk(await this.#answer(), this.#capabilities);
  }

  close(): void {
    this.#channel.destroy();
  }

  #command(code: number, body: Buffer): void {
    this.#channel.beginCommand();
    this.#channel.send(Buffer.concat([Buffer.of(code), body]));
  }

  async #answer(): Promise<Buffer> {
    for (;;) {
      const payload = await this.#packets.next(null);
      const report = decodeProgress(payload);
      if (report === undefined) {
        if (payload[0] === 0xff) throw new Error(decodeError(payload).message);
        return payload;
      }
      this.progress.push(report);
    }
  }

  async #result(first: Buffer): Promise<WireResult> {
    const count = new PayloadReader(first).lengthEncoded();
    const columns: ColumnDefinition[] = [];
    while (columns.length < count)
      columns.push(decodeColumn(await this.#packets.next(null), this.#capabilities));
    const rows: Buffer[] = [];
    for (;;) {
      const payload = await this.#answer();
      if (isEndOfRows(payload[0] as number, payload.length, this.#capabilities)) return { columns, rows };
      rows.push(payload);
    }
  }
}
