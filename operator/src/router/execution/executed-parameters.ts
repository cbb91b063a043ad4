import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { Dialect } from '../sql/dialect.ts';
import type { ValueType, WireValue } from '../../wire/wire-value.ts';
import { parameterLiteral, parameterSql } from './parameter-values.ts';
import type { StatementParameters } from './statement.ts';

/** Values as a client has sent them for an execution. */
export class ExecutedParameters implements StatementParameters {
  readonly textKey: string;
  readonly body: Buffer;
  readonly #types: readonly ValueType[];
  readonly #values: readonly WireValue[];
  readonly #dialect: Dialect;

  constructor(
    statement: { readonly textKey: string; readonly dialect: Dialect },
    types: readonly ValueType[],
    values: readonly WireValue[],
    body: Buffer,
  ) {
    this.textKey = statement.textKey;
    this.#dialect = statement.dialect;
    this.#types = types;
    this.#values = values;
    this.body = body;
  }

  literal(index: number): KeyLiteral {
    const { type, value } = this.#at(index);
    return parameterLiteral(type, value, this.#dialect.charset);
  }

  sqlText(index: number): string {
    const { type, value } = this.#at(index);
    return parameterSql(type, value, this.#dialect);
  }

  #at(index: number): { readonly type: ValueType; readonly value: WireValue } {
    const type = this.#types[index];
    const value = this.#values[index];
    if (type === undefined || value === undefined) {
      throw new RangeError(`there is no parameter ${index}`);
    }
    return { type, value };
  }
}
