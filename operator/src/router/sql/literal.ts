/**
 * One constant of a statement, decoded.
 *
 * - `number`: the text as written, without sign: `1`, `1.50`, `.5`, `1e3`. The sign belongs to the expression around it.
 * - `string`: a quoted string with its escapes resolved, as UTF-8 whatever the client's character set was. `N'…'` is one too.
 * - `bytes`: `x'…'`, `0x…`, `b'…'`, `0b…`: the value's bytes, most significant first.
 * - `parameter`: the n-th `?` (from 0) of a statement to be prepared; its value comes with each execution.
 */
export type Literal =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'parameter'; readonly index: number };
