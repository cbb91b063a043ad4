import { asMoveError, type ChosenSource, type MoveTaskContext } from './move-task-context.ts';

/** Another member is tried where this one does not serve. */
export async function avoiding<T>(
  { avoid }: MoveTaskContext,
  { pod }: ChosenSource,
  receive: () => Promise<T>,
): Promise<T> {
  try {
    return await receive();
  } catch (error) {
    const { code } = asMoveError(error);
    if (code === 'SourceLost' || code === 'PositionLost' || code === 'Refused') {
      avoid(pod);
    }
    throw error;
  }
}
