/**
 * The state stream: JSON objects, one a line, each with the whole state of one agent. A reader that missed any
 * number of them has missed nothing once it has the newest.
 */
import { z } from 'zod';
import { type AgentState, agentStateSchema } from './agent-state.ts';

/** Grows with every change that an older side would misread. Fields that are only added do not count. */
export const PROTOCOL_VERSION = 1;

/** Longest frame a reader takes, in bytes. A state is a few kilobytes. */
export const FRAME_LIMIT_BYTES = 1024 * 1024;

/** An agent sends a frame at least so often. */
export const FRAME_INTERVAL_MILLISECONDS = 250;

/** One line of the stream. */
export interface StateFrame {
  readonly version: typeof PROTOCOL_VERSION;
  /** Grows by one with each change of the state, from 1 in every agent process: compare within one only. */
  readonly sequence: number;
  /** When the frame was made: milliseconds since the epoch, by the agent's clock. */
  readonly sentAt: number;
  readonly state: AgentState;
}

const versionSchema = z.object({ version: z.literal(PROTOCOL_VERSION) });
const frameSchema: z.ZodType<StateFrame> = versionSchema.extend({
  sequence: z.int().positive(),
  sentAt: z.number(),
  state: agentStateSchema,
});

/** A line that is no frame of a version we know. */
export class FrameError extends Error {
  readonly code: 'UnsupportedVersion' | 'UnreadableFrame';

  constructor(code: FrameError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FrameError';
    this.code = code;
  }
}

/** One frame as it travels. */
export function formatFrame(frame: StateFrame): string {
  return `${JSON.stringify(frame)}\n`;
}

/** Reads a frame. Throws {@link FrameError}. Fields this version does not know are left out. */
export function parseFrame(line: string): StateFrame {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new FrameError('UnreadableFrame', 'a frame is not JSON', { cause });
  }
  const version = versionSchema.safeParse(value);
  if (!version.success) {
    throw new FrameError('UnsupportedVersion', `a frame is not of version ${PROTOCOL_VERSION}`);
  }
  const frame = frameSchema.safeParse(value);
  if (!frame.success) {
    throw new FrameError('UnreadableFrame', z.prettifyError(frame.error));
  }
  return frame.data;
}
