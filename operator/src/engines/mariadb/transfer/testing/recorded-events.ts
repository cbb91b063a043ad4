/**
 * Events as servers have logged them, without checksums: of `INSERT INTO s1.t VALUES (1, 'a')` behind a savepoint, of an XA
 * transaction, of a row and a definition with log_bin_compress, and of a heartbeat written at 2026-11-23 05:46:07.250001.
 */

/** The events of one version. */
export type RecordedEvents = Readonly<Record<EventName, Buffer>>;

type EventName =
  | 'gtid'
  | 'standaloneGtid'
  | 'preparedGtid'
  | 'completedGtid'
  | 'tableMap'
  | 'rows'
  | 'compressedRows'
  | 'query'
  | 'compressedQuery'
  | 'heartbeatMap'
  | 'heartbeatRows';

const MARIADB_10_11 = {
  gtid: 'cdcDa6IBAAAAJgAAAH4FAAAIAAgAAAAAAAAAAAAAAAwAAAAAAAA=',
  standaloneGtid: 'cdcDa6IBAAAAJgAAAKADAAAIAAUAAAAAAAAAAAAAACkAAAAAAAA=',
  preparedGtid: 'cdcDa6IBAAAAKQAAAHwOAAAIAA8AAAAAAAAAAAAAAEwBAAAAAQBhAf8=',
  completedGtid: 'cdcDa6IBAAAAJwAAAKcPAAAIABAAAAAAAAAAAAAAAI0BAAAAAQBh',
  tableMap: 'cdcDaxMBAAAAKAAAANwFAAAAABIAAAAAAAEAAnMxAAF0AAID/AECAg==',
  rows: 'cdcDaxcBAAAAJQAAAAUGAAAAABIAAAAAAAEAAgP8AQAAAAEAYQ==',
  compressedRows:
    'cdcDa6YBAAAARQAAAH0TAAAAABIAAAAAAAEAAgOCE494nO3BMQEAMAgDsHrA7RQgDVEcU8GXZCdJ1wMAAAAAzn0VKFG3',
  query:
    'cdcDawIBAAAASgAAAFMGAAAIAAYAAAAAAAAAAgAAGgAAAAAAAQEIACBUAAAAAAYDc3RkBOAA4AAtAHMxAFNBVkVQT0lOVCBgeGA=',
  compressedQuery:
    'cdcDa6UBAAAAegAAAEQUAAAAAAcAAAAAAAAAAAAAIwAAAAAAAQEIACBUAAAAAAYDc3RkBOAA4AAtAIE0AAAAAAAAAACCA+J4nEsuSk0sSVUoSUzKSVUoNtQrpwBoJCpk5pUoJOfn5qYCafWqUTAKRsGAAnVNAPhu1Ag=',
  heartbeatMap: 'cdcDaxMBAAAAOgAAAIoWAAAAABoAAAAAAAEAC3NoYXJkd3JpZ2h0AAloZWFydGJlYXQAAwEIEgEGAA==',
  heartbeatRows: 'cdcDaxgBAAAAQgAAAOkXAAAAABoAAAAAAAEAAwcH+AEFAAAAAAAAAJm7bluGA9CR+AEFAAAAAAAAAJm7bluHA9CR',
};

const MARIADB_11_8 = {
  gtid: 'd9cDa6IBAAAAJgAAAH4FAAAIAAgAAAAAAAAAAAAAAAwQBgAAAAA=',
  standaloneGtid: 'd9cDa6IBAAAAJgAAAKADAAAIAAUAAAAAAAAAAAAAACkQBQAAAAA=',
  preparedGtid: 'd9cDa6IBAAAALQAAAIAOAAAIAA8AAAAAAAAAAAAAAEwBAAAAAQBhEf8GAAAA',
  completedGtid: 'd9cDa6IBAAAALAAAALAPAAAIABAAAAAAAAAAAAAAAI0BAAAAAQBhEAYAAAA=',
  tableMap: 'd9cDaxMBAAAAKAAAAAAAAAAAABIAAAAAAAEAAnMxAAF0AAID/AECAg==',
  rows: 'd9cDaxcBAAAAJQAAAAAAAAAAABIAAAAAAAEAAgP8AQAAAAEAYQ==',
  compressedRows:
    'd9cDa6YBAAAARQAAAAAAAAAAABIAAAAAAAEAAgOCE494nO3BMQEAMAgDsHrA7RQgDVEcU8GXZCdJ1wMAAAAAzn0VKFG3',
  query:
    'd9cDawIBAAAASgAAAAAAAAAIAAYAAAAAAAAAAgAAGgAAAAAAAQEIACBUAAAAAAYDc3RkBOAA4AAACXMxAFNBVkVQT0lOVCBgeGA=',
  compressedQuery:
    'd9cDa6UBAAAAegAAAE0UAAAAAAcAAAAAAAAAAAAAIwAAAAAAAQEIACBUAAAAAAYDc3RkBOAA4AAACYE0AAAAAAAAAACCA+J4nEsuSk0sSVUoSUzKSVUoNtQrpwBoJCpk5pUoJOfn5qYCafWqUTAKRsGAAnVNAPhu1Ag=',
  heartbeatMap: 'd9cDaxMBAAAAOgAAAAAAAAAAABoAAAAAAAEAC3NoYXJkd3JpZ2h0AAloZWFydGJlYXQAAwEIEgEGAA==',
  heartbeatRows: 'd9cDaxgBAAAAQgAAAAAAAAAAABoAAAAAAAEAAwcH+AEFAAAAAAAAAJm7bluGA9CR+AEFAAAAAAAAAJm7bluHA9CR',
};

function decode(encoded: Readonly<Record<EventName, string>>): RecordedEvents {
  return Object.fromEntries(
    Object.entries(encoded).map(([name, text]) => [name, Buffer.from(text, 'base64')]),
  ) as RecordedEvents;
}

/** By version. */
export const RECORDED: readonly { readonly version: string; readonly events: RecordedEvents }[] = [
  { version: '10.11', events: decode(MARIADB_10_11) },
  { version: '11.8', events: decode(MARIADB_11_8) },
];
