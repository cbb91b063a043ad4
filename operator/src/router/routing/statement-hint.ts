/** What a comment `/*shardwright: key=42, consistency=Eventual *\/` asks for. */
import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { refuse, type Refused } from './refusal.ts';

/** A hint; what it does not name is null. */
export interface StatementHint {
  /** As `SET shardwright_key`. */
  readonly key: KeyLiteral | null;
  /** As `SET shardwright_shard`. */
  readonly shard: number | null;
  readonly consistency: ConsistencyLevel | null;
  /** `all_slots`: UPDATE and DELETE without a key may run in every slot. */
  readonly allowsKeylessWrites: boolean;
}

/** Of a statement without a hint. */
export const NO_HINT: StatementHint = {
  key: null,
  shard: null,
  consistency: null,
  allowsKeylessWrites: false,
};

const PART = /\s*([a-z_]+)\s*(?:=\s*('(?:[^']|'')*'|[^\s,']+)\s*)?(?:,|$)/y;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;
const MAX_SHARD = 9999;

type MutableHint = { -readonly [Name in keyof StatementHint]: StatementHint[Name] };

/** Takes one part over; false where the value is none. */
const PARTS: Readonly<Record<string, (hint: MutableHint, value: string) => boolean>> = {
  key(hint, value) {
    if (value.startsWith("'")) {
      hint.key = { kind: 'string', bytes: Buffer.from(value.slice(1, -1).replaceAll("''", "'")) };
      return true;
    }
    hint.key = { kind: 'number', text: value };
    return NUMBER.test(value);
  },
  shard(hint, value) {
    hint.shard = Number(value);
    return /^\d{1,4}$/.test(value) && hint.shard <= MAX_SHARD;
  },
  consistency(hint, value) {
    const level = CONSISTENCY_LEVELS.find((name) => name.toLowerCase() === value.toLowerCase());
    hint.consistency = level ?? null;
    return level !== undefined;
  },
  all_slots(hint, value) {
    hint.allowsKeylessWrites = true;
    return value === '';
  },
};

/** Reads a hint. A hint that is not understood is refused: it may be what keeps a statement from doing harm. */
export function readStatementHint(text: string): StatementHint | Refused {
  const hint: MutableHint = { ...NO_HINT };
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const at = PART.lastIndex;
    const [, name = '', value = ''] = PART.exec(text) ?? [];
    if (PARTS[name]?.(hint, value) !== true) {
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
