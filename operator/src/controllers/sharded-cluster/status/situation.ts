import type { Finding } from '../finding.ts';

/** How far the last attempt to bring a cluster about has come. */
export type Situation =
  | { readonly kind: 'starting' }
  | { readonly kind: 'deleting' }
  | { readonly kind: 'suspended' }
  /** The stored object cannot be understood. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** Objects of a deleted cluster of the same name are in the way and about to go. */
  | { readonly kind: 'formerRemaining'; readonly message: string }
  /** The API server refused something, or could not be asked. */
  | { readonly kind: 'failed'; readonly message: string; readonly findings: readonly Finding[] }
  /** Every object is as planned, except for what the findings say. */
  | { readonly kind: 'applied'; readonly findings: readonly Finding[] };
