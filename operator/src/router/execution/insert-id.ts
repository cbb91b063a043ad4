/** The id that an answer tells, and what LAST_INSERT_ID() is afterwards: servers tell the same number for both, of several meanings. */
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { walkStatement } from '../routing/expression-walk.ts';
import type { GeneratedIds } from '../routing/route.ts';
import type { RoutingPlans } from '../routing/routing-plan.ts';
import type { ParsedStatement } from '../sql/parsed-statement.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { StatementParameters } from './statement.ts';

/** Texts that are looked through for an id; of a statement with more of them, the server is asked. */
const COMPARED_LITERALS = 64;

/** What is known of a write that has succeeded. */
export interface InsertedRows {
  readonly kind: StatementShape['kind'];
  /** That the router put into the rows. */
  readonly generatedIds: GeneratedIds | null;
  /** What the servers told, 0 for nothing: the id of the last row as it is now, also of one that was there before. */
  readonly told: readonly bigint[];
  /** The statement has LAST_INSERT_ID(…) with an argument, by which it says itself what the id is. */
  readonly setsId: boolean;
  /** The server has counted the id up by itself. */
  readonly countedByServer: boolean;
}

/**
 * What the client is told: the first of the generated ids if a row has got one, else what the server tells. An INSERT that met a row
 * (ON DUPLICATE KEY, IGNORE) has stored none of them.
 */
export function toldInsertId({
  kind,
  generatedIds,
  told,
}: Pick<InsertedRows, 'kind' | 'generatedIds' | 'told'>): bigint {
  // Servers tell no id of LOAD DATA.
  const isStored =
    generatedIds !== null && (kind === 'loadData' || told.some((id) => isAmong(generatedIds, id)));
  return isStored ? generatedIds.first : (told.findLast((id) => id !== 0n) ?? 0n);
}

/** What LAST_INSERT_ID() is from now on; undefined: what it was, since ids that the statement names itself do not count. */
export function rememberedInsertId(rows: InsertedRows): bigint | undefined {
  const { kind, generatedIds, setsId, countedByServer } = rows;
  const told = toldInsertId(rows);
  if (told === 0n) {
    return undefined;
  }
  switch (kind) {
    case 'insert':
    case 'loadData':
      return setsId || countedByServer || (generatedIds !== null && told === generatedIds.first)
        ? told
        : undefined;
    case 'update':
      return setsId ? told : undefined;
    default:
      return undefined;
  }
}

function isAmong({ first, count }: GeneratedIds, id: bigint): boolean {
  return id >= first && id < first + BigInt(count);
}

/** Whether a statement has LAST_INSERT_ID(…) with an argument. */
export function setsInsertId(shape: StatementShape): boolean {
  if (!shape.functions.includes('LAST_INSERT_ID')) {
    return false;
  }
  for (const node of walkStatement(shape)) {
    if (node.kind === 'call' && node.name === 'LAST_INSERT_ID' && node.arguments.length > 0) {
      return true;
    }
  }
  return false;
}

/** Whether an id that a server tells may be one that the INSERT names itself: then only its connection knows. */
export function mayNameId(
  parsed: ParsedStatement<RoutingPlans>,
  parameters: StatementParameters | null,
  id: bigint,
): boolean {
  const { shape } = parsed;
  if (shape.kind !== 'insert' || shape.source.kind === 'query' || parsed.literalCount > COMPARED_LITERALS) {
    return true;
  }
  return Array.from({ length: parsed.literalCount }, (_literal, index) => parsed.literal(index)).some(
    (literal) =>
      mayBe(
        literal.kind === 'parameter' ? (parameters?.literal(literal.index) ?? { kind: 'null' }) : literal,
        id,
      ),
  );
}

function mayBe(value: KeyLiteral, id: bigint): boolean {
  switch (value.kind) {
    case 'null':
      return false;
    case 'number':
      return Number(value.text) === Number(id);
    case 'double':
      return value.value === Number(id);
    case 'string':
    case 'bytes':
      return Buffer.from(value.bytes).includes(String(id));
    default:
      return assertNever(value);
  }
}
