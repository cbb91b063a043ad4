import type { ColumnAssignment } from './column-assignment.ts';
import type { DefinitionNode } from './definition-shape.ts';
import type { Expression, TokenRange } from './expression.ts';
import type { LoadDataNode } from './load-data-shape.ts';
import type {
  Limit,
  OrderItem,
  Query,
  SchemaQualifier,
  Scope,
  SelectItem,
  TableReference,
} from './query-shape.ts';
import type { UserActionNode } from './user-shape.ts';

export type { ColumnAssignment } from './column-assignment.ts';
export type { DefinedObject, DefinitionNode } from './definition-shape.ts';
export type { LoadDataNode } from './load-data-shape.ts';

/**
 * What routing must know of a statement, without its constants: one serves all statements with the same digest. Immutable.
 * Whatever the grammar does not understand in full is `unknown`; a shape of another kind lists every table mentioned.
 */
export type StatementShape = StatementParts & StatementNode;

/** What every shape has. */
export interface StatementParts {
  /** Every mention of a table, in the order of the text. */
  readonly tables: readonly TableReference[];
  /** Every schema's name written in front of something. */
  readonly qualifiers: readonly SchemaQualifier[];
  /** Every SELECT (UPDATE, DELETE), by its index. */
  readonly scopes: readonly Scope[];
  /** Every query, by its index. */
  readonly queries: readonly Query[];
  /** Functions called, in upper case; `SCHEMA.NAME` where qualified. Sorted. */
  readonly functions: readonly string[];
  /** User variables read or assigned, in lower case, without `@`. Sorted. */
  readonly userVariables: readonly string[];
  /** A user variable is assigned (`:=`, SELECT … INTO @a, SET @a). */
  readonly assignsUserVariables: boolean;
  /** `@@x` read, in lower case. Sorted. */
  readonly systemVariables: readonly string[];
  /** Sequences used (NEXT VALUE FOR, NEXTVAL), as tables are mentioned. They are in `tables` too. */
  readonly sequences: boolean;
  /** SET STATEMENT … FOR stands in front: these hold for this statement alone. */
  readonly settings: readonly Assignment[];
  /** Number of tokens, without the end. */
  readonly tokenCount: number;
  /** Number of literals, parameters included. */
  readonly literalCount: number;
}

/** One assignment of SET. A bare word as value (ON, TRADITIONAL) is a column by that name. */
export interface Assignment {
  readonly scope: 'user' | 'session' | 'global';
  /** Lower case, without `@`. */
  readonly name: string;
  readonly value: Expression;
}

/** One row of VALUES. */
export interface InsertRow {
  /** With its parentheses. */
  readonly tokens: TokenRange;
  readonly values: readonly Expression[];
}

/** INSERT and REPLACE. */
export interface InsertNode {
  readonly kind: 'insert';
  readonly verb: 'INSERT' | 'REPLACE';
  readonly ignore: boolean;
  /** DELAYED, LOW_PRIORITY, HIGH_PRIORITY. */
  readonly options: readonly string[];
  /** Index into `tables`. */
  readonly table: number;
  /** Lower case, in the order of the text; null where no list is given: then all columns of the table in their order. */
  readonly columns: readonly string[] | null;
  /** `set` is INSERT … SET a = 1: `columns` above is null then, and the ones assigned are here. */
  readonly source:
    | { readonly kind: 'values'; readonly rows: readonly InsertRow[] }
    | { readonly kind: 'set'; readonly columns: readonly string[]; readonly row: InsertRow }
    | { readonly kind: 'query'; readonly query: number };
  /** ON DUPLICATE KEY UPDATE. */
  readonly onDuplicate: readonly ColumnAssignment[];
  readonly returning: readonly SelectItem[];
}

/** UPDATE of one or several tables. */
export interface UpdateNode {
  readonly kind: 'update';
  readonly ignore: boolean;
  readonly scope: number;
  readonly assignments: readonly ColumnAssignment[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

/** DELETE of one or several tables. */
export interface DeleteNode {
  readonly kind: 'delete';
  readonly ignore: boolean;
  readonly scope: number;
  /** Names or aliases of the multi-table forms, which stand in `sources` too; empty for the form with one table. */
  readonly targets: readonly { readonly schema: string | null; readonly name: string }[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
  readonly returning: readonly SelectItem[];
}

/** Everything a statement can be. */
export type StatementNode =
  /** SELECT, VALUES, WITH … SELECT, (SELECT …): the query with index `query`. */
  | { readonly kind: 'select'; readonly query: number }
  | InsertNode
  | UpdateNode
  | DeleteNode
  | DefinitionNode
  | {
      readonly kind: 'begin';
      readonly access: 'read' | 'write' | null;
      readonly consistentSnapshot: boolean;
    }
  | {
      readonly kind: 'commit' | 'rollback';
      /** AND CHAIN / AND NO CHAIN; null where unsaid. */
      readonly chain: boolean | null;
      readonly release: boolean | null;
    }
  | { readonly kind: 'savepoint' | 'rollbackTo' | 'releaseSavepoint'; readonly name: string }
  | { readonly kind: 'set'; readonly assignments: readonly Assignment[] }
  /** SET NAMES, SET CHARACTER SET. `charset` null is DEFAULT. A name given as a string is `charsetLiteral`. */
  | {
      readonly kind: 'setNames';
      readonly form: 'names' | 'characterSet';
      readonly charset: string | null;
      readonly charsetLiteral: number | null;
      readonly collation: string | null;
      readonly collationLiteral: number | null;
    }
  | {
      readonly kind: 'setTransaction';
      /** `next` is the next transaction only. */
      readonly scope: 'next' | 'session' | 'global';
      readonly isolation: 'READ UNCOMMITTED' | 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE' | null;
      readonly access: 'read' | 'write' | null;
    }
  | { readonly kind: 'setRole'; readonly role: string | null }
  | { readonly kind: 'use'; readonly schema: string }
  | {
      readonly kind: 'show';
      /** What is shown, in upper case without FULL, EXTENDED, GLOBAL, SESSION: `TABLES`, `COLUMNS`, `CREATE TABLE`, `VARIABLES`. */
      readonly what: string;
      readonly full: boolean;
      readonly scope: 'global' | 'session' | null;
      /** FROM or IN a schema (SHOW TABLES FROM app), or the name in SHOW CREATE DATABASE. */
      readonly schema: string | null;
      /** Where that schema's name stands, if not in front of a table's. */
      readonly schemaTokens: TokenRange | null;
      /** The name shown by SHOW CREATE … where it is no table or database, or after SHOW PROCEDURE STATUS and the like; null elsewhere. */
      readonly name: string | null;
      /** Literal index of LIKE's pattern. */
      readonly like: number | null;
      readonly where: Expression | null;
    }
  /** DESCRIBE t [column or pattern]: `tables` has the one table. */
  | { readonly kind: 'describe'; readonly column: string | null; readonly like: number | null }
  | {
      readonly kind: 'explain';
      /** `shardwright` for EXPLAIN SHARDWRIGHT: where the statement would go. */
      readonly form: 'explain' | 'analyze' | 'shardwright';
      /** First token of the statement explained. */
      readonly statementToken: number;
      readonly statement: StatementNode;
    }
  /** EXPLAIN FOR CONNECTION n, SHOW EXPLAIN FOR n. */
  | { readonly kind: 'explainConnection'; readonly id: Expression }
  | {
      readonly kind: 'call';
      readonly schema: string | null;
      readonly name: string;
      readonly arguments: readonly Expression[];
    }
  | { readonly kind: 'do'; readonly expressions: readonly Expression[] }
  | LoadDataNode
  | {
      readonly kind: 'kill';
      readonly what: 'connection' | 'query' | 'queryId' | 'user';
      readonly hard: boolean;
      /** The id; null for KILL USER. */
      readonly id: Expression | null;
    }
  | {
      readonly kind: 'userManagement';
      /** CREATE USER, ALTER USER, DROP ROLE, GRANT, REVOKE, SET PASSWORD, SET DEFAULT ROLE and the like, in upper case. */
      readonly what: string;
      /** What GRANT and REVOKE are ON; `name` null is `*`; `schema` null is `*` as well, if not `unqualified`. Null where nothing is said, as for roles. */
      readonly on: {
        readonly object: 'table' | 'function' | 'procedure';
        /** Without a schema in front: it is the session's. */
        readonly unqualified: boolean;
        readonly schema: string | null;
        readonly name: string | null;
        readonly tokens: TokenRange;
      } | null;
      /** Null where the statement is none that routers make. */
      readonly action: UserActionNode | null;
    }
  | {
      readonly kind: 'prepare';
      readonly name: string;
      /** A literal or a user variable; anything else is not understood. */
      readonly text: Expression;
    }
  | { readonly kind: 'execute'; readonly name: string; readonly arguments: readonly Expression[] }
  | {
      readonly kind: 'executeImmediate';
      readonly text: Expression;
      readonly arguments: readonly Expression[];
    }
  | { readonly kind: 'deallocate'; readonly name: string }
  | {
      readonly kind: 'lockTables';
      readonly locks: readonly { readonly table: number; readonly mode: 'read' | 'write' }[];
    }
  | { readonly kind: 'unlockTables' }
  /** ANALYZE, CHECK, CHECKSUM, OPTIMIZE, REPAIR TABLE. */
  | { readonly kind: 'maintenance'; readonly verb: 'ANALYZE' | 'CHECK' | 'CHECKSUM' | 'OPTIMIZE' | 'REPAIR' }
  | { readonly kind: 'handler'; readonly verb: 'OPEN' | 'READ' | 'CLOSE' }
  | { readonly kind: 'xa'; readonly verb: string }
  /** FLUSH, RESET, CHANGE MASTER, START SLAVE, SHUTDOWN, INSTALL, … and their first words in upper case. */
  | { readonly kind: 'administration'; readonly what: string }
  /** Only comments and white space. */
  | { readonly kind: 'empty' }
  /** Not understood in full. `reason` says what and where, for the error message; it holds no constants of the statement. */
  | { readonly kind: 'unknown'; readonly reason: string };
