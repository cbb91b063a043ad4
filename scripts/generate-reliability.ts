import { FAULTS } from '../test-e2e/chaos/faults/index.ts';
import { renderReliabilityPage } from '../test-e2e/chaos/report/reliability-page.ts';
import { readResults, readSupersessions } from '../test-e2e/chaos/report/results-file.ts';

/** The page with the results of all recorded chaos runs. */
export function generateReliability(): Map<string, string> {
  return new Map([
    ['docs/reliability.md', renderReliabilityPage(readResults('.'), FAULTS, readSupersessions('.'))],
  ]);
}
