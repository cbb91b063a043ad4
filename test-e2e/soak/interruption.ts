/** Ends what a command has begun when somebody interrupts it, and then the command; until the returned function is called. */
export function endWhenInterrupted(end: () => Promise<void>): () => void {
  const withdrawals = (['SIGINT', 'SIGTERM'] as const).map((signal) => {
    const handle = (): void => {
      // Servers that stay, or pods that nobody watches, would take the processors of whoever comes next.
      console.error(`${signal}: ending what was begun`);
      void end().finally(() => process.exit(130));
    };
    process.once(signal, handle);
    return () => process.off(signal, handle);
  });
  return () => withdrawals.forEach((withdraw) => withdraw());
}
