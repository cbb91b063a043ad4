/** Texts of ASCII characters as bytes. */

/** The characters of the bytes; beyond ASCII those of Latin-1. */
export function textOfBytes(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The bytes of a text of ASCII characters. */
export function bytesOfText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    bytes[index] = text.charCodeAt(index);
  }
  return bytes;
}
