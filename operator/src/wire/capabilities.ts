/**
 * Capability flags of the handshake. Both sides name what they can do; what both can is in force.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#capabilities
 */
export const CAPABILITY = {
  /** Absent in the flags of a MariaDB server or client, which then sends extended flags too. */
  mysql: 0x1,
  /** `affected rows` counts found rows, not changed ones. */
  foundRows: 0x2,
  longFlag: 0x4,
  connectWithDatabase: 0x8,
  noSchema: 0x10,
  compress: 0x20,
  odbc: 0x40,
  localFiles: 0x80,
  ignoreSpace: 0x100,
  protocol41: 0x200,
  interactive: 0x400,
  tls: 0x800,
  ignoreSigpipe: 0x1000,
  transactions: 0x2000,
  reserved: 0x4000,
  secureConnection: 0x8000,
  multiStatements: 0x1_0000,
  multiResults: 0x2_0000,
  preparedMultiResults: 0x4_0000,
  pluginAuthentication: 0x8_0000,
  connectAttributes: 0x10_0000,
  pluginDataLengthEncoded: 0x20_0000,
  expiredPasswords: 0x40_0000,
  sessionTrack: 0x80_0000,
  /** No EOF packets: column definitions end by their number, rows by an OK packet with header 0xFE. */
  deprecateEof: 0x100_0000,
} as const;

/** MariaDB's extended capability flags, which travel as four bytes of their own. */
export const EXTENDED_CAPABILITY = {
  progress: 0x1,
  /** Was COM_MULTI, gone since 10.3. */
  multiCommand: 0x2,
  bulkOperations: 0x4,
  /** Column definitions carry the name of a type such as `uuid` or `inet6`, or a format such as `json`. */
  extendedMetadata: 0x8,
  /** Executions may leave column definitions out that the client has already. */
  cacheMetadata: 0x10,
  bulkUnitResults: 0x20,
} as const;

/** Capabilities of one side, or those in force on a connection. Both are unsigned 32-bit numbers. */
export interface Capabilities {
  readonly flags: number;
  readonly extended: number;
}

/** What both sides can do. */
export function commonCapabilities(ours: Capabilities, theirs: Capabilities): Capabilities {
  return { flags: (ours.flags & theirs.flags) >>> 0, extended: (ours.extended & theirs.extended) >>> 0 };
}

/** Whether all of `flags` (bits of {@link CAPABILITY}) are in force. */
export function hasCapability(capabilities: Capabilities, flags: number): boolean {
  return (capabilities.flags & flags) >>> 0 === flags >>> 0;
}

/** Whether all of `flags` (bits of {@link EXTENDED_CAPABILITY}) are in force. */
export function hasExtendedCapability(capabilities: Capabilities, flags: number): boolean {
  return (capabilities.extended & flags) >>> 0 === flags >>> 0;
}

const C = CAPABILITY;

/**
 * What a client role asks of every server, and a server role can offer to every client, as far as the codecs of this
 * folder go. TLS, compression, connectWithDatabase, foundRows, interactive, ignoreSpace, localFiles and
 * multiStatements are for the caller to add.
 */
export const BASE_CAPABILITIES: Capabilities = {
  flags:
    C.longFlag |
    C.protocol41 |
    C.transactions |
    C.secureConnection |
    C.multiResults |
    C.preparedMultiResults |
    C.pluginAuthentication |
    C.connectAttributes |
    C.pluginDataLengthEncoded |
    C.sessionTrack |
    C.deprecateEof,
  extended: EXTENDED_CAPABILITY.extendedMetadata,
};

/** `capabilities` with more flags. */
export function addCapabilities(capabilities: Capabilities, flags: number, extended = 0): Capabilities {
  return {
    flags: (capabilities.flags | flags) >>> 0,
    extended: (capabilities.extended | extended) >>> 0,
  };
}

/** `capabilities` without these flags. */
export function removeCapabilities(capabilities: Capabilities, flags: number, extended = 0): Capabilities {
  return {
    flags: (capabilities.flags & ~flags) >>> 0,
    extended: (capabilities.extended & ~extended) >>> 0,
  };
}
