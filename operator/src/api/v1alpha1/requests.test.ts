import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatPromotionRequest,
  formatSwitchoverRequest,
  isInvalidRequest,
  promotionAnnotation,
  promotionRequestOf,
  switchoverAnnotation,
  switchoverRequestOf,
} from './requests.ts';

function annotated(annotations?: Record<string, string>) {
  return { metadata: { name: 'shop', ...(annotations === undefined ? {} : { annotations }) } };
}

function switchover(value: string) {
  return switchoverRequestOf(annotated({ [switchoverAnnotation(1)]: value }), 1);
}

function promotion(value: string) {
  return promotionRequestOf(annotated({ [promotionAnnotation(1)]: value }), 1);
}

describe('a request for a switchover', () => {
  it('is none without its annotation', () => {
    expect(switchoverRequestOf(annotated(), 1)).toBeNull();
    expect(switchoverRequestOf(annotated({ [switchoverAnnotation(0)]: 'any' }), 1)).toBeNull();
    expect(switchover(' ')).toBeNull();
  });

  it.each([
    ['any', null],
    ['any/2', null],
    ['any/2026-11-22T22:00:00.000Z', null],
    ['shop-shard-1-0', 'shop-shard-1-0'],
    ['shop-shard-1-2/again', 'shop-shard-1-2'],
    [' shop-shard-1-2 ', 'shop-shard-1-2'],
  ])('reads %s', (value, to) => {
    expect(switchover(value)).toEqual({ value: value.trim(), to });
  });

  it.each([
    ['1', /names 1, which is no pod of shop-shard-1: write shop-shard-1-1, or any/u],
    ['shop-shard-10-2', /no pod of shop-shard-1/u],
    ['shop-shard-1-01', /no pod of/u],
    ['shop-shard-1-', /no pod of/u],
    ['/2', /names nothing/u],
    ['any/', /token/u],
    ['any/a b', /token/u],
    ['any/1/2', /token/u],
    [`any/${'x'.repeat(64)}`, /token/u],
    ['x'.repeat(254), /longer than 253/u],
  ])('says what is wrong with %s', (value, fault) => {
    expect(switchover(value)).toEqual({ value: value.slice(0, 253), fault: expect.stringMatching(fault) });
  });

  it('names its annotation in the fault', () => {
    expect(switchover('2')).toMatchObject({
      fault: expect.stringContaining('switchover.shardwright.io/shard-1'),
    });
  });

  it('is read as it was written', () => {
    const tokens = fc.stringMatching(/^[A-Za-z0-9._:-]{1,63}$/u);
    const pods = fc.option(
      fc.nat(9999).map((ordinal) => `shop-shard-1-${ordinal}`),
      { nil: null },
    );
    fc.assert(
      fc.property(pods, tokens, (to, token) => {
        const value = formatSwitchoverRequest({ to, token });
        expect(switchover(value)).toEqual({ value, to });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(() => [switchover(value), promotion(value)]).not.toThrow();
      }),
    );
  });
});

describe('a request for a promotion', () => {
  it('reads pod and epoch', () => {
    const value = formatPromotionRequest({ to: 'shop-shard-1-2', epoch: 7 });
    expect(promotion(value)).toEqual({ value: 'shop-shard-1-2/7', to: 'shop-shard-1-2', epoch: 7 });
    expect(promotionRequestOf(annotated(), 1)).toBeNull();
  });

  it.each([
    ['any/7', /no pod of shop-shard-1: write pod and epoch, as shop-shard-1-1\/7/u],
    ['shop-shard-1-2', /no epoch/u],
    ['shop-shard-1-2/', /no epoch/u],
    ['shop-shard-1-2/07', /no epoch/u],
    ['shop-shard-1-2/99999999999999999', /no epoch/u],
    ['shop-shard-2-2/7', /no pod of shop-shard-1/u],
  ])('says what is wrong with %s', (value, fault) => {
    const request = promotion(value);
    expect(request !== null && isInvalidRequest(request) && request.fault).toMatch(fault);
  });
});
