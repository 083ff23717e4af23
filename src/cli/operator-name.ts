// Who runs the program, for the history of revisions.
import { userInfo } from 'node:os';

/** Name of the operating system's user; `file` where it has none, as in containers with a number only. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'file';
  }
}
