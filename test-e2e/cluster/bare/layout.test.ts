import { describe, expect, it } from '@jest/globals';
import { nodeLayouts } from './layout.ts';

describe('nodeLayouts', () => {
  it('spreads nodes over three zones and fits interface names into fifteen characters', () => {
    const nodes = nodeLayouts(9);
    expect(nodes.slice(0, 4).map((node) => node.zone)).toEqual(['zone-a', 'zone-b', 'zone-c', 'zone-a']);
    expect(nodes.every((node) => node.hostInterface.length <= 15)).toBe(true);
    expect(nodes.every((node) => node.containerdSocket.length < 108)).toBe(true);
  });
});
