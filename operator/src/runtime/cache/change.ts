/** A change of the cache. */
export type Change<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T };

/** Called with every change, in order per object. It must only take note; what it throws is logged. */
export type ChangeHandler<T> = (change: Change<T>) => void;

/** Finds the values under which an object is listed in an index. */
export type Indexer<T> = (object: T) => readonly string[];
