import { DEFINITIONS } from './definitions.ts';
import { READING } from './reading.ts';
import { SESSIONS } from './sessions.ts';
import { TRANSACTIONS } from './transactions.ts';
import { WRITING } from './writing.ts';
import type { SupportSection } from './support-line.ts';

/** All lines, in the order of the page. */
export const SUPPORT_SECTIONS: readonly SupportSection[] = [
  READING,
  WRITING,
  TRANSACTIONS,
  SESSIONS,
  DEFINITIONS,
];
