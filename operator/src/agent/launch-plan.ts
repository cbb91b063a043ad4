import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { LaunchPlan } from '../engines/boot.ts';

/** Turns an engine's plan into what the launcher executes as it stands. */
export type CompleteLaunch = (plan: LaunchPlan) => Promise<LaunchPlan>;

/**
 * The plan with the program's absolute path, found along `searchPath`, which the server gets as well: the launcher
 * passes on nothing of its own. Agent and server have the same image, so the path holds for both.
 */
export async function completeLaunch(plan: LaunchPlan, searchPath: string): Promise<LaunchPlan> {
  return {
    ...plan,
    program: await findProgram(plan.program, searchPath),
    environment: { PATH: searchPath, ...plan.environment },
  };
}

async function findProgram(program: string, searchPath: string): Promise<string> {
  if (isAbsolute(program)) {
    return program;
  }
  for (const folder of searchPath.split(':').filter((folder) => folder !== '')) {
    const path = join(folder, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) {
      return path;
    }
  }
  throw new Error(`the image has no program ${program}`);
}
