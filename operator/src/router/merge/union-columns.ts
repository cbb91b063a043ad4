/** The columns of a UNION: what each part selects for them, and how their values are compared. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Expression } from '../sql/expression.ts';
import type { SelectItem } from '../sql/query-shape.ts';
import { keyLiteralOf } from '../routing/key-constraint.ts';
import { checkComparable } from './comparable-expression.ts';
import { weightOf } from './compared-values.ts';
import { describeColumn } from './described-column.ts';
import { quoteName } from './expression-text.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { ComparedValue } from './merge-plan.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';
import { starColumns } from './star-columns.ts';

/** What one part selects for a column. */
interface Selected {
  readonly scope: ScatterScope;
  readonly expression: Expression;
  /** What the column is called, where the part is the first. */
  readonly name: string;
}

/** Kinds of values that stay of their kind in a UNION. */
type Kind = 'number' | 'date' | 'time' | 'bytes' | 'float' | 'timestamp' | 'bits';

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ...kindOf('number', 'tinyint smallint mediumint int bigint decimal double year'),
  ...kindOf('date', 'date datetime'),
  ...kindOf('bytes', 'binary varbinary tinyblob blob mediumblob longblob'),
  ...kindOf('time', 'time'),
  ...kindOf('float', 'float'),
  ...kindOf('timestamp', 'timestamp'),
  ...kindOf('bits', 'bit'),
]);

function kindOf(kind: Kind, types: string): readonly (readonly [string, Kind])[] {
  return types.split(' ').map((type) => [type, kind]);
}

/** Longest name that can be written in quotes. Source: identifiers of MariaDB. */
const LONGEST_NAME = 64;

/** Names columns of the outer query by `table`, where they have to be asked for more than once. */
export class UnionColumns {
  readonly #parts: readonly ScatterScope[];
  readonly #table: string;
  readonly #hidden: HiddenColumns;
  #selected: readonly (readonly Selected[])[] | null = null;

  constructor(parts: readonly ScatterScope[], table: string, hidden: HiddenColumns) {
    this.#parts = parts;
    this.#table = table;
    this.#hidden = hidden;
  }

  /** How all of them are compared. @throws CannotMerge */
  all(): readonly ComparedValue[] {
    return (this.#columns()[0] ?? []).map((_selected, index) => this.compared(index));
  }

  /** Which column an element of ORDER BY means, from 0. @throws CannotMerge */
  positionOf(expression: Expression): number {
    const [first] = this.#parts;
    const columns = this.#columns()[0] ?? [];
    let position = -1;
    if (expression.kind === 'literal' && first !== undefined) {
      const value = keyLiteralOf(expression, { ...first.values, parameter: null });
      position = value?.kind === 'number' && /^\d{1,4}$/.test(value.text) ? Number(value.text) - 1 : -1;
    } else if (expression.kind === 'column' && expression.column.table === null) {
      const named = [...columns.keys()].filter(
        (index) => columns[index]?.name.toLowerCase() === expression.column.name,
      );
      position = named.length === 1 ? (named[0] ?? -1) : -1;
    }
    if (columns[position] === undefined) {
      throw new CannotMerge(
        'A UNION over several slots is sorted by what is no column of it',
        'Sort by the position or the name of a column of the first select list',
      );
    }
    return position;
  }

  /** How the values of a column are compared. @throws CannotMerge */
  compared(index: number): ComparedValue {
    const value = { from: 'visible', index } as const;
    const selected = this.#columns().flatMap((columns) => columns[index] ?? []);
    const kinds = new Set(
      selected.flatMap((one) => (one.expression.kind === 'null' ? [] : [kindOfValue(one)])),
    );
    const [kind = 'number'] = kinds;
    const only = kinds.size > 1 ? null : kind;
    switch (only) {
      case 'number':
      case 'date':
      case 'time':
      case 'bytes':
        return { value, weight: null };
      case 'float':
        return { value: this.#hidden.add(`${this.#name(index)} + 0e0`), weight: null };
      case 'timestamp':
        return { value: this.#hidden.add(`UNIX_TIMESTAMP(${this.#name(index)})`), weight: null };
      case 'bits':
        return { value: this.#hidden.add(`${this.#name(index)} + 0`), weight: null };
      case null: {
        for (const { scope, expression } of selected) {
          checkComparable(scope, expression);
        }
        return { value, weight: weightOf(this.#name(index), this.#hidden) };
      }
      default:
        return assertNever(only);
    }
  }

  /** A column as the outer query names it. */
  #name(index: number): string {
    const columns = this.#columns()[0] ?? [];
    const name = columns[index]?.name ?? '';
    const namesakes = columns.filter((other) => other.name.toLowerCase() === name.toLowerCase());
    if (namesakes.length > 1 || name === '' || name.length > LONGEST_NAME) {
      throw new CannotMerge(
        'A UNION over several slots has columns without a name of their own',
        'Give each column of the first select list an alias',
      );
    }
    return `${this.#table}.${quoteName(name)}`;
  }

  #columns(): readonly (readonly Selected[])[] {
    this.#selected ??= this.#parts.map((scope) =>
      scope.scope.items.flatMap((item) => selectedBy(scope, item)),
    );
    return this.#selected;
  }
}

function selectedBy(scope: ScatterScope, item: SelectItem): readonly Selected[] {
  const { expression } = item;
  if (expression.kind !== 'star') {
    return [{ scope, expression, name: nameOf(scope, item) }];
  }
  const columns = starColumns(scope, expression.table);
  if (columns === null) {
    throw new CannotMerge('A UNION over several slots compares the columns of a *', 'Write the columns out');
  }
  return columns.map((column) => ({
    scope,
    expression: { kind: 'column', column, tokens: expression.tokens },
    name: column.name,
  }));
}

/** What a server calls a column: by its alias, its name, or its text. */
function nameOf({ values, textOf }: ScatterScope, { expression, alias, aliasLiteral }: SelectItem): string {
  if (alias !== null) {
    return alias;
  }
  const index = aliasLiteral ?? (expression.kind === 'literal' ? expression.literal : null);
  const literal = index === null ? null : values.literal(index);
  if (literal?.kind === 'string') {
    return literal.bytes.toString();
  }
  return expression.kind === 'column' ? expression.column.name : textOf(expression.tokens);
}

/** The kind of values that a part gives; null for texts, and for what only the server knows. */
function kindOfValue({ scope, expression }: Selected): Kind | null {
  if (expression.kind === 'literal') {
    return scope.values.literal(expression.literal).kind === 'number' ? 'number' : null;
  }
  if (expression.kind !== 'column') {
    return expression.kind === 'boolean' ? 'number' : null;
  }
  return KINDS.get(describeColumn(scope, expression.column)?.dataType ?? '') ?? null;
}
