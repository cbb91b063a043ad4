/** How the plugin ends, as its process's exit code. */
export const EXIT_CODES = {
  done: 0,
  /** Refused, undone, or not possible; the message says why. */
  failed: 1,
  /** The command line cannot be used. */
  unusableCommandLine: 2,
  /** Not finished in the time given. */
  timedOut: 3,
} as const;

/** Why a command of the plugin did not do what it was asked to. Its message is for the person at the terminal. */
export class PluginFailure extends Error {
  readonly code: 'NotFound' | 'Refused' | 'Undone' | 'Failed' | 'TimedOut' | 'Usage';

  constructor(code: PluginFailure['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PluginFailure';
    this.code = code;
  }

  /** One of {@link EXIT_CODES}. */
  get exitCode(): number {
    switch (this.code) {
      case 'TimedOut':
        return EXIT_CODES.timedOut;
      case 'Usage':
        return EXIT_CODES.unusableCommandLine;
      case 'NotFound':
      case 'Refused':
      case 'Undone':
      case 'Failed':
      default:
        return EXIT_CODES.failed;
    }
  }
}
