/**
 * Gives the memory of a buffer back at once. A stream of bytes makes hundreds of megabytes of buffers a second, which
 * lie outside of V8's heap: V8 answers with a full collection for every few dozen of them, and spends more time
 * there than the bytes need to pass. The caller owns the buffer, and nobody reads it afterwards: it is empty then. A
 * buffer that shares its memory with others is left alone.
 */
export function releaseMemory(buffer: Buffer<ArrayBuffer>): void {
  const { buffer: memory, byteLength } = buffer;
  if (byteLength === memory.byteLength && !memory.detached) {
    memory.transfer(0);
  }
}
