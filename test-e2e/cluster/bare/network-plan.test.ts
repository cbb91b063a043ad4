import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { chooseOctet, maximumNodes, networkPlan, nodeNetwork } from './network-plan.ts';

describe('chooseOctet', () => {
  it('takes the first network where nothing is in the way', () => {
    expect(chooseOctet(['default', '192.0.2.0/24', '10.0.5.1'])).toBe(207);
  });

  it.each([
    ['the very network', ['10.207.0.0/16'], 208],
    ['one address within it', ['10.207.3.4'], 208],
    ['a wider network around it', ['10.192.0.0/11'], 224],
    ['several', ['10.207.0.0/24', '10.208.255.0/24'], 209],
  ])('avoids %s', (_title, routes, expected) => {
    expect(chooseOctet(routes)).toBe(expected);
  });

  it('says so when everything is taken', () => {
    expect(() => chooseOctet(['10.0.0.0/8'])).toThrow(/in use/);
  });
});

describe('networkPlan', () => {
  it('gives every node addresses of its own, all within the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 207, max: 254 }), (octet) => {
        const plan = networkPlan(octet);
        const numbers = Array.from({ length: maximumNodes }, (_unused, index) => index + 1);
        const nodes = numbers.map((number) => nodeNetwork(plan, number));
        const addresses = [...nodes.map((node) => node.address), plan.hostAddress, plan.gatewayAddress];
        expect(new Set(addresses).size).toBe(addresses.length);
        expect(new Set(nodes.map((node) => node.podSubnet)).size).toBe(nodes.length);
        const all = [...addresses, ...nodes.map((node) => node.podSubnet), plan.dnsAddress];
        expect(all.every((text) => text.startsWith(`10.${String(octet)}.`))).toBe(true);
      }),
    );
  });
});
