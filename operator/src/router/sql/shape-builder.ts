import type { Expression, TokenRange } from './expression.ts';
import type {
  Conjunct,
  OrderItem,
  Query,
  SchemaQualifier,
  Scope,
  SelectItem,
  Source,
  TableReference,
} from './query-shape.ts';
import type { Assignment, StatementParts } from './statement-shape.ts';
import { UnreadableStatement } from './token-cursor.ts';

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** A scope while it is read. */
export interface OpenScope extends Writable<
  Omit<Scope, 'sources' | 'conjuncts' | 'joins' | 'options' | 'windows'>
> {
  readonly sources: Source[];
  readonly conjuncts: Conjunct[];
  readonly joins: { outer: boolean; natural: boolean; readonly optional: number[] };
  readonly options: string[];
  readonly windows: (readonly Expression[])[];
}

/** A WITH element while queries can refer to it. */
export interface VisibleCommonTable {
  readonly name: string;
  readonly query: number;
}

/** Gathers what every shape lists, while a statement is read. */
export class ShapeBuilder {
  readonly tables: Writable<TableReference>[] = [];
  readonly settings: Assignment[] = [];
  /** The scope being read; null outside of any. */
  scope: OpenScope | null = null;
  /** Common tables that can be referred to now, the innermost last. */
  commonTables: readonly VisibleCommonTable[] = [];
  assignsUserVariables = false;
  sequences = false;
  readonly #qualifiers: SchemaQualifier[] = [];
  readonly #scopes: OpenScope[] = [];
  readonly #queries: (Query | null)[] = [];
  readonly #functions = new Set<string>();
  readonly #userVariables = new Set<string>();
  readonly #systemVariables = new Set<string>();

  /** Adds a mention of a table and returns its index. */
  addTable(table: Omit<TableReference, 'scope'>): number {
    return this.tables.push({ ...table, scope: this.scope?.index ?? null }) - 1;
  }

  addQualifier(schema: string, first: number, of: SchemaQualifier['of'], name: string): void {
    this.#qualifiers.push({ schema, tokens: { first, end: first + 2 }, of, name });
  }

  addFunction(schema: string | null, name: string): void {
    this.#functions.add(schema === null ? name : `${schema.toUpperCase()}.${name}`);
  }

  addUserVariable(name: string): void {
    this.#userVariables.add(name.toLowerCase());
  }

  addSystemVariable(name: string): void {
    this.#systemVariables.add(name);
  }

  /** Begins a scope inside the one being read (as the child of `parent`) and makes it the one being read. */
  openScope(kind: Scope['kind'], parent: number | null, first: number): OpenScope {
    const range: TokenRange = { first, end: first };
    const scope: OpenScope = {
      index: this.#scopes.length,
      kind,
      parent,
      sources: [],
      joins: { outer: false, natural: false, optional: [] },
      conjuncts: [],
      where: null,
      items: [] satisfies SelectItem[],
      itemTokens: range,
      distinct: false,
      options: [],
      groupBy: [] satisfies OrderItem[],
      rollup: false,
      having: null satisfies Expression | null,
      aggregates: false,
      windows: [],
      tokens: range,
    };
    this.#scopes.push(scope);
    this.scope = scope;
    return scope;
  }

  /** Takes the index of a query that is about to be read. */
  reserveQuery(): number {
    return this.#queries.push(null) - 1;
  }

  /** The index that the next query takes. */
  get nextQuery(): number {
    return this.#queries.length;
  }

  setQuery(index: number, query: Query): void {
    this.#queries[index] = query;
  }

  query(index: number): Query {
    const query = this.#queries[index];
    if (query === null || query === undefined) throw new UnreadableStatement('a query within itself');
    return query;
  }

  scopeAt(index: number): OpenScope {
    return this.#scopes[index] as OpenScope;
  }

  /** What was gathered. */
  finish(tokenCount: number, literalCount: number): StatementParts {
    return {
      tables: this.tables,
      qualifiers: this.#qualifiers.sort((a, b) => a.tokens.first - b.tokens.first),
      scopes: this.#scopes,
      queries: this.#queries.map((_, index) => this.query(index)),
      functions: [...this.#functions].sort(),
      userVariables: [...this.#userVariables].sort(),
      assignsUserVariables: this.assignsUserVariables,
      systemVariables: [...this.#systemVariables].sort(),
      sequences: this.sequences,
      settings: this.settings,
      tokenCount,
      literalCount,
    };
  }
}
