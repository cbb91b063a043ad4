/**
 * Feeds random and damaged bytes to everything that reads what a client or a server sends. Every input must be
 * understood or refused by a ProtocolError: anything else would be an error that an attacker can cause.
 */
import { Duplex } from 'node:stream';
import { decodeLoginReply } from '../auth/packets.ts';
import { decodeBinaryRow } from '../binary-row.ts';
import { BASE_CAPABILITIES, CAPABILITY, type Capabilities, removeCapabilities } from '../capabilities.ts';
import { decodeColumn, encodeColumn, textColumn } from '../column-definition.ts';
import { inflatePacket } from '../compression.ts';
import { COLUMN_TYPE } from '../column-type.ts';
import { framePayload } from '../frame.ts';
import {
  decodeChangeUser,
  decodeHandshakeResponse,
  decodeTlsRequest,
  encodeChangeUser,
  encodeHandshakeResponse,
} from '../handshake-response.ts';
import { decodeGreeting, encodeInitialHandshake } from '../initial-handshake.ts';
import { decodeEndOfRows, decodeOk, encodeOk, PLAIN_OK } from '../ok-packet.ts';
import { PacketChannel } from '../packet-channel.ts';
import { ProtocolError } from '../protocol-error.ts';
import { decodeError, encodeError } from '../server-error.ts';
import { decodeSessionChanges } from '../session-changes.ts';
import {
  decodeExecute,
  decodeFetchRows,
  decodeLongData,
  decodePrepareOk,
  encodeExecute,
} from '../statement-packets.ts';
import { decodeTextRow, encodeTextRow } from '../text-row.ts';
import type { ValueType } from '../wire-value.ts';
import { RecordingSink } from './packets.ts';

/** What became of the inputs. */
export interface FuzzTally {
  inputs: number;
  accepted: number;
  refused: number;
  /** Errors that are not a ProtocolError, with the input. */
  unexpected: string[];
}

type Random = (below: number) => number;
type Reader = (input: Buffer, random: Random) => void;

/** Mulberry32, a small generator of good quality: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below) | 0;
  };
}

const TYPES: readonly ValueType[] = Object.values(COLUMN_TYPE).map((type, index) => ({
  type,
  unsigned: index % 2 === 0,
}));

function somehow(random: Random): Capabilities {
  return random(2) === 0
    ? BASE_CAPABILITIES
    : removeCapabilities(BASE_CAPABILITIES, CAPABILITY.sessionTrack | CAPABILITY.deprecateEof, 8);
}

const READERS: readonly Reader[] = [
  (input) => decodeHandshakeResponse(input),
  (input) => decodeTlsRequest(input),
  (input) => decodeGreeting(input),
  (input, random) => decodeChangeUser(input, somehow(random)),
  (input, random) => decodeLoginReply(input, somehow(random)),
  (input, random) => decodeOk(input, somehow(random)),
  (input, random) => decodeEndOfRows(input, somehow(random)),
  (input) => decodeError(input),
  (input) => decodeSessionChanges(input),
  (input, random) => decodeColumn(input, somehow(random)),
  (input, random) => decodeTextRow(input, random(10)),
  (input, random) => decodeBinaryRow(input, TYPES.slice(random(TYPES.length))),
  (input, random) => {
    const isLong = random(2) === 0;
    return decodeExecute(input, random(20), TYPES.slice(0, random(20)), () => isLong);
  },
  (input) => decodeLongData(input),
  (input) => decodeFetchRows(input),
  (input) => decodePrepareOk(input),
  (input) =>
    inflatePacket(
      input.length < 7 ? Buffer.concat([input, Buffer.alloc(7)]) : input,
      0,
      Math.max(7, input.length),
    ),
  readStream,
];

/** Damaged forms of these reach further than noise does. */
const SEEDS: readonly Buffer[] = makeSeeds();

/** Runs `inputs` inputs that follow from `seed`. */
export function fuzzWire(seed: number, inputs: number): FuzzTally {
  const random = seededRandom(seed);
  const tally: FuzzTally = { inputs: 0, accepted: 0, refused: 0, unexpected: [] };
  for (; tally.inputs < inputs; tally.inputs += 1) {
    const input = makeInput(random);
    const reader = READERS[random(READERS.length)] as Reader;
    try {
      reader(input, random);
      tally.accepted += 1;
    } catch (error) {
      if (error instanceof ProtocolError) tally.refused += 1;
      else
        tally.unexpected.push(`${String(error)}: ${reader.toString().slice(0, 60)} ${input.toString('hex')}`);
    }
  }
  return tally;
}

function makeInput(random: Random): Buffer {
  if (random(4) === 0) {
    const noise = Buffer.allocUnsafe(random(120));
    for (let index = 0; index < noise.length; index += 1) noise[index] = random(256);
    return noise;
  }
  const input = Buffer.from(SEEDS[random(SEEDS.length)] as Buffer);
  for (let damage = random(4); damage > 0 && input.length > 0; damage -= 1) {
    // Lengths and marks are what readers trip over.
    const marks = [0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, random(256)];
    input[random(input.length)] = marks[random(marks.length)] as number;
  }
  return random(3) === 0 ? input.subarray(0, random(input.length + 1)) : input;
}

/** A whole channel, plain or compressed, in the server's role. */
function readStream(input: Buffer, random: Random): void {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const channel = new PacketChannel(stream, {
    maxPayload: 4096,
    highWaterMark: 4096,
    checkSequence: random(2) === 0,
  });
  const sink = new RecordingSink();
  channel.attach(sink);
  if (random(2) === 0) channel.compress();
  channel.resume();
  const place = random(input.length + 1);
  stream.emit('data', input.subarray(0, place));
  stream.emit('data', input.subarray(place));
  channel.destroy();
  if (sink.end instanceof Error) throw sink.end;
}

function makeSeeds(): Buffer[] {
  const login = {
    capabilities: { flags: BASE_CAPABILITIES.flags | CAPABILITY.connectWithDatabase, extended: 8 },
    maxPacket: 1 << 24,
    collation: 45,
    user: 'app',
    authentication: Buffer.alloc(20, 9),
    database: 'shop',
    plugin: 'mysql_native_password',
    attributes: new Map([['program_name', 'test']]),
  };
  const changes = {
    systemVariables: new Map([['last_gtid', '0-1-2']]),
    schema: 'shop',
    transactionState: 'T_______',
  };
  const types = TYPES.slice(0, 6);
  const payloads = [
    encodeHandshakeResponse(login),
    encodeChangeUser(login, login.capabilities),
    encodeInitialHandshake({
      serverVersion: '11.8.2-MariaDB',
      connectionId: 7,
      nonce: Buffer.alloc(20, 3),
      capabilities: BASE_CAPABILITIES,
      collation: 45,
      status: 2,
      plugin: 'mysql_native_password',
    }),
    encodeOk({ ...PLAIN_OK, affectedRows: 5n, message: 'Rows matched: 1', changes }, BASE_CAPABILITIES),
    encodeError({ errno: 1064, sqlState: '42000', message: 'syntax' }),
    encodeColumn(textColumn('name'), BASE_CAPABILITIES),
    encodeTextRow([Buffer.from('one'), null, Buffer.alloc(300, 'x')]),
    encodeExecute({ statementId: 1, cursor: 0, types, values: [Buffer.from('1.5'), 1, 2, 3, 1.5, 2.5] }),
    Buffer.from('\x03SELECT 1', 'latin1'),
  ];
  const framed = payloads.map((payload) => {
    const output: Buffer[] = [];
    framePayload(payload, 0, output);
    return Buffer.concat(output);
  });
  return [...payloads, ...framed];
}
