import { isIP } from 'node:net';

/** Where a server listens. Without a host: on every address of the machine. */
export interface BindAddress {
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Reads `host:port`, `:port`, `[IPv6]:port` or `0`. `0` means that nothing listens and gives `undefined`. Throws
 * `TypeError` with a sentence for anything else.
 */
export function parseBindAddress(text: string): BindAddress | undefined {
  if (text === '0') {
    return undefined;
  }
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text);
  const groups = match?.groups;
  if (groups === undefined) {
    throw new TypeError(`"${text}" is not host:port, :port, [IPv6]:port or 0`);
  }
  const port = Number(groups['port']);
  if (port > 65_535) {
    throw new TypeError(`"${text}" names port ${port}; ports end at 65535`);
  }
  const ipv6 = groups['ipv6'];
  if (ipv6 !== undefined && isIP(ipv6) !== 6) {
    throw new TypeError(`"${text}" holds "${ipv6}" in brackets, which is not an IPv6 address`);
  }
  const host = ipv6 ?? groups['host'];
  return host === undefined || host === '' ? { port } : { host, port };
}
