/** Where a client connects to now. */
export interface Address {
  readonly host: string;
  /** The pod, where that is known before asking the server. */
  readonly member: string | undefined;
  /** Fires when the address is no longer the one to use; never for a fixed one. */
  readonly outdated: AbortSignal | undefined;
}

/** How clients of one kind find their server. */
export interface AddressSource {
  /** Undefined while there is no server to connect to. */
  current(): Address | undefined;
}

/** Always the same address. */
export function fixedAddress(host: string, member?: string): AddressSource {
  const address: Address = { host, member, outdated: undefined };
  return { current: () => address };
}
