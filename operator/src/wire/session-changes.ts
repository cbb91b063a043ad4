/**
 * Session changes in an OK packet.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/ok_packet#session-state-info
 */
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';

const KIND = {
  systemVariables: 0,
  schema: 1,
  stateChange: 2,
  gtids: 3,
  transactionCharacteristics: 4,
  transactionState: 5,
} as const;

/** What changed in a session by a statement. Absent members were not told. */
export interface SessionChanges {
  /** System variables by name, such as `last_gtid`, as far as session_track_system_variables asks for them. */
  readonly systemVariables?: ReadonlyMap<string, string>;
  /** The default database; empty for none. */
  readonly schema?: string;
  /** session_track_state_change: whether the session has a state that a new one would not have. */
  readonly stateChanged?: boolean;
  /** SQL that would begin a transaction like the present one; session_track_transaction_info=CHARACTERISTICS. */
  readonly transactionCharacteristics?: string;
  /** Eight characters such as `T_______`; session_track_transaction_info=STATE. */
  readonly transactionState?: string;
}

/** Reads the entries of a session state block. Kinds that are not known are skipped. */
export function decodeSessionChanges(block: Buffer): SessionChanges {
  const reader = new PayloadReader(block);
  const changes: { -readonly [K in keyof SessionChanges]: SessionChanges[K] } = {};
  const variables = new Map<string, string>();
  while (reader.remaining > 0) {
    const kind = reader.uint8();
    const entry = new PayloadReader(reader.lengthEncodedBytes());
    const text = (): string => entry.lengthEncodedBytes().toString('utf8');
    switch (kind) {
      case KIND.systemVariables:
        while (entry.remaining > 0) variables.set(text(), text());
        break;
      case KIND.schema:
        changes.schema = text();
        break;
      case KIND.stateChange:
        changes.stateChanged = text() === '1';
        break;
      case KIND.transactionCharacteristics:
        changes.transactionCharacteristics = text();
        break;
      case KIND.transactionState:
        changes.transactionState = text();
        break;
      default:
    }
  }
  if (variables.size > 0) changes.systemVariables = variables;
  return changes;
}

/** The entries of a session state block. */
export function encodeSessionChanges(changes: SessionChanges): Buffer {
  const block = new PayloadWriter();
  const entry = (kind: number, ...texts: string[]): void => {
    const body = new PayloadWriter();
    for (const text of texts) body.lengthEncodedBytes(text);
    block.uint8(kind).lengthEncodedBytes(body.finish());
  };
  for (const [name, value] of changes.systemVariables ?? []) entry(KIND.systemVariables, name, value);
  if (changes.schema !== undefined) entry(KIND.schema, changes.schema);
  if (changes.stateChanged !== undefined) entry(KIND.stateChange, changes.stateChanged ? '1' : '0');
  if (changes.transactionCharacteristics !== undefined) {
    entry(KIND.transactionCharacteristics, changes.transactionCharacteristics);
  }
  if (changes.transactionState !== undefined) entry(KIND.transactionState, changes.transactionState);
  return block.finish();
}
