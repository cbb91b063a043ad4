/**
 * Building blocks of the schemas. A zod schema here is the one source of three things: the TypeScript type, the
 * check the operator runs on what it reads, and the CRD. What only the API server can check (transitions,
 * comparisons between fields) is a CEL rule in the schema's metadata.
 *
 * Every string, list and map is bounded: the API server refuses a CRD whose rules could cost too much, and it
 * works that out from the bounds.
 */
import { z } from 'zod';

/** One `x-kubernetes-validations` entry. The message names the field and the remedy in one sentence. */
export interface ValidationRule {
  /** CEL; `self` is the value, `oldSelf` its former value (which makes it a rule about changes only). */
  readonly rule: string;
  readonly message: string;
  /** CEL that builds the message; `message` stands in where it fails. */
  readonly messageExpression?: string;
  /** Field the error is reported on, relative to the rule's schema: `.version`. */
  readonly fieldPath?: string;
  readonly reason?:
    'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
}

/** Metadata that carries CEL rules into the CRD. */
export function rules(...list: ValidationRule[]): { 'x-kubernetes-validations': ValidationRule[] } {
  return { 'x-kubernetes-validations': list };
}

/** A CEL literal of a string, raw so that patterns stay readable. `text` must not hold a single quote. */
export function celString(text: string): string {
  if (text.includes("'")) {
    throw new TypeError(`no single quote allowed in a CEL literal: ${text}`);
  }
  return text.includes('\\') ? `r'${text}'` : `'${text}'`;
}

/** A CEL list literal of strings. */
export function celList(items: readonly string[]): string {
  return `[${items.map(celString).join(', ')}]`;
}

/**
 * CEL that is true when every entry of `oldSelf` still has one of the same name in `self`. The names are gathered
 * once, in a list of one list, because the API server reckons a lookup in a list of names at a thirtieth of the
 * cost of a comparison of entries.
 */
export const KEEPS_EVERY_NAME =
  '[self.map(entry, entry.name)].all(names, oldSelf.all(former, former.name in names))';

/** A string of at most `maxLength` characters, not empty. */
export function text(maxLength: number, description: string) {
  return z.string().min(1).max(maxLength).meta({ description });
}

/**
 * A string that must match `pattern` (RE2, anchored by the caller). The CRD carries the pattern as a CEL rule
 * instead of `pattern`, since the API server's own message would show the expression and no remedy.
 */
export function matching(
  options: { readonly maxLength: number; readonly pattern: string; readonly message: string },
  description: string,
  ...further: ValidationRule[]
) {
  const { maxLength, pattern, message } = options;
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => new RegExp(pattern, 'u').test(value), message)
    .meta({ description, ...rules({ rule: `self.matches(${celString(pattern)})`, message }, ...further) });
}

/** An integer between `minimum` and `maximum`, both included. */
export function integer(minimum: number, maximum: number, description: string) {
  const format = maximum > 2 ** 31 - 1 ? 'int64' : 'int32';
  return z.int().min(minimum).max(maximum).meta({ description, format });
}

/** A flag. */
export function flag(description: string) {
  return z.boolean().meta({ description });
}

/** One of a closed set of words. */
export function choice<const T extends readonly [string, ...string[]]>(words: T, description: string) {
  return z.enum(words).meta({ description });
}

/** Name of an object, a class or a domain (RFC 1123): what Kubernetes calls a DNS subdomain. */
export const DNS_SUBDOMAIN = '[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*';

/** Key of a label, an annotation or a taint: an optional domain and a slash, and a name of at most 63 characters. */
export const QUALIFIED_NAME = `(${DNS_SUBDOMAIN}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?`;

/** Value of a label; may be empty. */
export const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/u;

/** A rule that every key of a map at `path` is a key of labels. */
export function qualifiedKeys(path: string): ValidationRule {
  return {
    rule: `self.all(key, key.matches(${celString(`^${QUALIFIED_NAME}$`)}))`,
    message: `${path} has a key that is none of a label: write it as disk, or as example.com/disk`,
  };
}

/** List of distinct strings, merged as a set. */
export function textSet(maxItems: number, item: z.ZodString, description: string) {
  return z.array(item).max(maxItems).meta({ description, 'x-kubernetes-list-type': 'set' });
}

/** List replaced as a whole. */
export function atomicList<T extends z.ZodType>(maxItems: number, item: T, description: string) {
  return z.array(item).max(maxItems).meta({ description, 'x-kubernetes-list-type': 'atomic' });
}

/** List of objects merged by their key fields, which must be unique. */
export function keyedList<T extends z.ZodType>(
  options: {
    readonly maxItems: number;
    readonly keys: readonly string[];
    readonly rules?: readonly ValidationRule[];
  },
  item: T,
  description: string,
) {
  return z
    .array(item)
    .max(options.maxItems)
    .meta({
      description,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': [...options.keys],
      ...(options.rules === undefined ? {} : rules(...options.rules)),
    });
}

/** RFC 3339 time, as the API server writes it. */
export function time(description: string) {
  return z.string().max(64).meta({ description, format: 'date-time' });
}
