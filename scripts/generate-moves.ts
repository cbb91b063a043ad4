import { renderMovesPage } from '../test-e2e/soak/moves-page.ts';
import { readRounds } from '../test-e2e/soak/round-result.ts';

/** The page with the results of all recorded soak runs. */
export function generateMoves(): Map<string, string> {
  return new Map([['docs/moves.md', renderMovesPage(readRounds('.'))]]);
}
