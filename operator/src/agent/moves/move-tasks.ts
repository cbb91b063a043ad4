/** Doing what was decided. Each task can be repeated: an agent may have died in the middle of it. */
import { assertNever } from '../../runtime/assert-never.ts';
import { copy, verify } from './copy-tasks.ts';
import type { MoveTask } from './decide-moves.ts';
import { follow } from './follow-task.ts';
import type { MoveTaskContext } from './move-task-context.ts';
import { drop, fence, grant } from './rights-tasks.ts';

/** Works until the task is done; rejects with what kept it from being done. */
export async function work(context: MoveTaskContext, task: MoveTask, signal: AbortSignal): Promise<void> {
  switch (task.kind) {
    case 'copy':
      return copy(context, task.move, signal);
    case 'follow':
      return follow(context, task.source, task.moves, signal);
    case 'verify':
      return verify(context, task.move, signal);
    case 'fence':
      return fence(context, task.move, signal);
    case 'grant':
      return grant(context, task.move, signal);
    case 'drop':
      return drop(context, task.move, signal);
    default:
      return assertNever(task);
  }
}
