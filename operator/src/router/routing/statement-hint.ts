/** What a comment `/*shardwright: key=42, consistency=Eventual *\/` asks for. */
import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { readConsistency } from '../session/own-variables.ts';
import { refuse, type Refused } from './refusal.ts';

/** A hint; what it does not name is null. */
export interface StatementHint {
  /** As `SET shardwright_key`. */
  readonly key: KeyLiteral | null;
  /** As `SET shardwright_shard`. */
  readonly shard: number | null;
  /** As `SET shardwright_consistency`. */
  readonly consistency: ConsistencyLevel | null;
  /** Whether `consistency` asks for the replica that answers fastest. */
  readonly fastest: boolean;
  /** `all_slots`: UPDATE and DELETE without a key may run in every slot. */
  readonly allowsKeylessWrites: boolean;
}

/** Of a statement without a hint. */
export const NO_HINT: StatementHint = {
  key: null,
  shard: null,
  consistency: null,
  fastest: false,
  allowsKeylessWrites: false,
};

const PART = /\s*([a-z_]+)\s*(?:=\s*('(?:[^']|'')*'|[^\s,']+)\s*)?(?:,|$)/y;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;
const MAX_SHARD = 9999;

type MutableHint = { -readonly [Name in keyof StatementHint]: StatementHint[Name] };

/** Takes one part over; false where the value is none. */
const PARTS = new Map<string, (hint: MutableHint, value: string) => boolean>(
  Object.entries({
    key(hint: MutableHint, value: string) {
      if (value.startsWith("'")) {
        hint.key = { kind: 'string', bytes: Buffer.from(value.slice(1, -1).replaceAll("''", "'")) };
        return true;
      }
      hint.key = { kind: 'number', text: value };
      return NUMBER.test(value);
    },
    shard(hint: MutableHint, value: string) {
      hint.shard = Number(value);
      return /^\d{1,4}$/.test(value) && hint.shard <= MAX_SHARD;
    },
    consistency(hint: MutableHint, value: string) {
      const found = readConsistency(value);
      hint.consistency = found?.level ?? null;
      hint.fastest = found?.fastest ?? false;
      return found !== undefined;
    },
    all_slots(hint: MutableHint, value: string) {
      hint.allowsKeylessWrites = true;
      return value === '';
    },
  }),
);

/** Reads a hint. A hint that is not understood is refused: it may be what keeps a statement from doing harm. */
export function readStatementHint(text: string): StatementHint | Refused {
  const hint: MutableHint = { ...NO_HINT };
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const at = PART.lastIndex;
    const [, name = '', value = ''] = PART.exec(text) ?? [];
    if (PARTS.get(name)?.(hint, value) !== true) {
      return refuse({
        errno: 1064,
        sqlState: '42000',
        message: `The hint of the statement is not understood from its character ${at + 1} on`,
        hint: "Write parts separated by commas: key=42 or key='text', shard=0, consistency=Eventual, all_slots",
      });
    }
  }
  return hint;
}
