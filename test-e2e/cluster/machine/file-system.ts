import { statfs } from 'node:fs/promises';

/** The magic number of overlayfs in statfs(2). */
const overlayType = 0x794c7630;

/** Whether the folder lies on an overlay, as within a container: another one cannot be laid on it. */
export async function isOnOverlay(folder: string): Promise<boolean> {
  return (await statfs(folder)).type === overlayType;
}
