import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { JsonSchema } from './json-schema.ts';
import { StructuralSchemaError, toStructural } from './structural.ts';

const convert = (schema: z.ZodType): JsonSchema =>
  toStructural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as JsonSchema);

const described = (schema: z.ZodType): z.ZodType => schema.meta({ description: 'A field.' });

describe('toStructural', () => {
  it('drops bounds that only say what a double can hold', () => {
    expect(convert(z.int())).toEqual({ type: 'integer' });
    expect(convert(z.int().min(1).max(9))).toEqual({ type: 'integer', minimum: 1, maximum: 9 });
  });

  it('says int-or-string the Kubernetes way', () => {
    const schema = z.union([z.int(), z.string()]).meta({ 'x-kubernetes-int-or-string': true, maxLength: 9 });
    expect(convert(schema)).toEqual({ 'x-kubernetes-int-or-string': true, maxLength: 9 });
  });

  it('drops additionalProperties beside properties', () => {
    expect(convert(z.strictObject({ a: described(z.boolean()) }))).not.toHaveProperty('additionalProperties');
  });

  it('fills the defaults of fields into the default of their object', () => {
    const inner = z.object({ a: described(z.int()).default(1), b: described(z.int()).exactOptional() });
    const outer = z.object({ inner: described(inner.prefault({})) });
    expect(convert(outer)).toMatchObject({ properties: { inner: { default: { a: 1 } } } });
  });

  it('keeps null, rules and list types', () => {
    const rule = { rule: 'true', message: 'never' };
    const list = z
      .array(z.string().max(3).nullable())
      .max(2)
      .meta({ 'x-kubernetes-list-type': 'atomic', 'x-kubernetes-validations': [rule] });
    expect(convert(list)).toEqual({
      type: 'array',
      maxItems: 2,
      'x-kubernetes-list-type': 'atomic',
      'x-kubernetes-validations': [rule],
      items: { type: 'string', nullable: true, maxLength: 3 },
    });
  });

  it.each([
    ['a union', z.union([z.object({}), z.boolean()]), 'anyOf'],
    ['a string without a limit', z.string(), 'maxLength'],
    ['a list without a limit', z.array(z.boolean()).meta({ 'x-kubernetes-list-type': 'atomic' }), 'maxItems'],
    ['a list without a list type', z.array(z.boolean()).max(1), 'x-kubernetes-list-type'],
    ['a map without a limit', z.record(z.string(), z.boolean()), 'maxProperties'],
    ['a field without a description', z.object({ a: z.boolean() }), '.a: has no description'],
    ['a field of any type', z.object({ a: described(z.any()) }), '.a: type undefined'],
  ])('refuses %s', (_, schema, problem) => {
    expect(() => convert(schema)).toThrow(StructuralSchemaError);
    expect(() => convert(schema)).toThrow(problem);
  });
});
