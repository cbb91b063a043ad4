/** Collations whose equality we know exactly, for the characters that we take. */

/** How the values of a column compare. */
export interface CollationRule {
  readonly characters: 'utf8mb4' | 'utf8mb3' | 'ascii' | 'printable';
  readonly foldsCase: boolean;
  readonly padded: boolean;
}

/**
 * Collations beside the binary ones, by the part of their names that follows the character set. Among printable ASCII
 * characters all of them tell apart everything but case (`_ci`) or everything (`_cs`), which a scenario shows on real
 * servers; beyond those, what they take for equal depends on tables and versions. So they take no other characters, and
 * no control characters, which the Unicode algorithm ignores.
 */
const UNICODE_COLLATIONS = [
  'general_ci',
  'general_nopad_ci',
  'unicode_ci',
  'unicode_nopad_ci',
  'unicode_520_ci',
  'unicode_520_nopad_ci',
  'uca1400_ai_ci',
  'uca1400_as_ci',
  'uca1400_ai_cs',
  'uca1400_as_cs',
  'uca1400_nopad_ai_ci',
  'uca1400_nopad_as_ci',
  'uca1400_nopad_ai_cs',
  'uca1400_nopad_as_cs',
] as const;

const COLLATIONS_BY_CHARACTER_SET: Readonly<Record<string, readonly string[]>> = {
  utf8mb4: UNICODE_COLLATIONS,
  utf8mb3: UNICODE_COLLATIONS,
  latin1: ['swedish_ci', 'swedish_nopad_ci', 'general_ci', 'general_cs'],
  ascii: ['general_ci', 'general_nopad_ci'],
};

/** All collations under which a column can be a key, by their full names. */
export const KEY_COLLATIONS: readonly string[] = Object.entries(COLLATIONS_BY_CHARACTER_SET).flatMap(
  ([characterSet, names]) => ['bin', 'nopad_bin', ...names].map((name) => `${characterSet}_${name}`),
);

/** What is known of a collation by its full name (`utf8mb4_bin`); undefined where a column under it is no key. */
export function readCollation(collation: string): CollationRule | undefined {
  if (!KEY_COLLATIONS.includes(collation)) {
    return undefined;
  }
  const characterSet = collation.slice(0, collation.indexOf('_'));
  const padded = !collation.includes('_nopad_');
  if (!collation.endsWith('_bin')) {
    return { characters: 'printable', foldsCase: !collation.endsWith('_cs'), padded };
  }
  // Every character set has ASCII; which others latin1 has is not the same for everybody who says latin1.
  const characters = characterSet === 'utf8mb4' || characterSet === 'utf8mb3' ? characterSet : 'ascii';
  return { characters, foldsCase: false, padded };
}
