/** Ends a `switch` over a closed union: compiles only when every member was handled. Throws when reached. */
export function assertNever(value: never): never {
  throw new TypeError(`unhandled case: ${JSON.stringify(value)}`);
}
