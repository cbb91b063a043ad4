import { assertNever } from '../../../runtime/assert-never.ts';
import type { Literal } from '../../sql/literal.ts';
import { clientError } from '../errors.ts';

/** The text of a literal in SHOW. Throws ClientError for a parameter. */
export function textOfShown(literal: Literal): string {
  switch (literal.kind) {
    case 'number':
      return literal.text;
    case 'string':
    case 'bytes':
      return literal.bytes.toString();
    case 'parameter':
      throw clientError('notSupported', 'Shardwright does not support parameters in SHOW');
    default:
      return assertNever(literal);
  }
}
