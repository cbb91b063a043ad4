import { createHash } from 'node:crypto';

/** Everything that decides what a Go build yields. */
export interface BuildInputs {
  /** File name → content: go.mod, go.sum and the module's own sources. */
  readonly files: Readonly<Record<string, string>>;
  readonly goVersion: string;
  readonly platform: string;
  readonly flags: readonly string[];
}

/**
 * The folder name under which the result of a build is cached: the same inputs give the same key, any
 * change gives another one. 64 bits of SHA-256.
 */
export function cacheKey(inputs: BuildInputs): string {
  const files = Object.entries(inputs.files).sort(([left], [right]) => (left < right ? -1 : 1));
  const text = JSON.stringify([files, inputs.goVersion, inputs.platform, inputs.flags]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
