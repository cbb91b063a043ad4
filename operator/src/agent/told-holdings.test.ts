import { describe, expect, it } from '@jest/globals';
import type { DatabaseHoldings } from '../core/rebuild/evidence.ts';
import { tellHoldings } from './told-holdings.ts';

const NEVER = new AbortController().signal;
const HOLDINGS: DatabaseHoldings = { served: ['app_s0000'], closed: [], missing: [], fences: [], moves: [] };
type Parts = Parameters<typeof tellHoldings>[0];

function parts(
  change: { view?: string; moves?: object; isIdle?: boolean; action?: string | null; role?: string } = {},
) {
  const { view = 'absent', moves, isIdle = true, action = null, role = 'primary' } = change;
  const asked: string[] = [];
  const state = { view };
  const server = {
    slots: {
      holdings: async () => {
        asked.push('holdings');
        return HOLDINGS;
      },
    },
  };
  const made = {
    shardMap: {
      view: () => ({ kind: state.view, ...(moves !== undefined && { moves }) }),
      newestRevision: () => 17,
    },
    moves: { isIdle },
    runner: { action: action === null ? null : { kind: action } },
    session: { current: server, require: () => server, state: () => ({ role: { kind: role } }) },
  };
  return { asked, state, server, parts: made as unknown as Parts };
}

describe('tellHoldings', () => {
  it('tells what the server holds, and the newest revision that was read', async () => {
    const { parts: quiet } = parts();
    await expect(tellHoldings(quiet, NEVER)).resolves.toEqual({ revision: 17, ...HOLDINGS });
  });

  it.each([
    ['it still has a map', { view: 'known', moves: {} }],
    ['the map cannot be read', { view: 'unreadable' }],
    ['work on moves has not ended', { isIdle: false }],
    ['it is giving rights', { action: 'ensureDatabases' }],
    ['it is no primary', { role: 'replica' }],
  ])('asks the server nothing while %s', async (_, change) => {
    const { parts: busy, asked } = parts(change);
    await expect(tellHoldings(busy, NEVER)).rejects.toMatchObject({ code: 'NotReady' });
    expect(asked).toEqual([]);
  });

  it('tells it where the map says nothing of databases', async () => {
    const { parts: quiet } = parts({ view: 'known' });
    await expect(tellHoldings(quiet, NEVER)).resolves.toMatchObject(HOLDINGS);
  });

  it('tells nothing where a map has come meanwhile', async () => {
    const { parts: quiet, state, server } = parts();
    server.slots.holdings = async () => {
      state.view = 'unreadable';
      return HOLDINGS;
    };
    await expect(tellHoldings(quiet, NEVER)).rejects.toMatchObject({ code: 'NotReady' });
  });
});
