/** A pattern of LIKE for names: `%` and `_`, escaped by a backslash, without case. */
export function likePattern(pattern: string): RegExp {
  const source = pattern.replaceAll(
    /\\([%_])|[.*+?^${}()|[\]\\%_]/g,
    (match, escaped: string | undefined) => {
      if (escaped !== undefined) {
        return escaped;
      }
      return match === '%' ? '.*' : match === '_' ? '.' : `\\${match}`;
    },
  );
  return new RegExp(`^${source}$`, 'i');
}
