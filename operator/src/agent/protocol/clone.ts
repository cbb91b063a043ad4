/**
 * How a clone travels: as the chunked body of an answer. Its end proves nothing, since a process that dies
 * closes its connections as well: only the trailer `complete` with the right number of bytes does, which the
 * source writes after the copy has succeeded.
 */

/** Request header: the pod that asks. */
export const CLONE_POD_HEADER = 'shardwright-pod';
/** Header: about how many bytes will come, for progress. */
export const CLONE_ESTIMATE_HEADER = 'shardwright-clone-estimated-bytes';
/** Trailer: `complete` or `failed`. */
export const CLONE_OUTCOME_TRAILER = 'shardwright-clone-outcome';
/** Trailer: how many bytes came. */
export const CLONE_BYTES_TRAILER = 'shardwright-clone-bytes';
/** Trailer of a failure: why, URI-encoded. */
export const CLONE_ERROR_TRAILER = 'shardwright-clone-error';
