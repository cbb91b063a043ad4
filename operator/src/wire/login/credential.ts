/** What one logs in to a server with. */
export type Credential =
  /** A password, e.g. one derived from the router secret. */
  | { readonly kind: 'password'; readonly password: string }
  /** SHA1 of a password (20 bytes): all that mysql_native_password asks for. Recovered from a client's own login. */
  | { readonly kind: 'passwordSha1'; readonly sha1: Buffer };
